"""Webhooks: telling an organisation's own servers what happened.

webhooks.signing   makes the secrets of endpoints, and signs what is sent
webhooks.web       sends it, to public addresses alone
"""
