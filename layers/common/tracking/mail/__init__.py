"""Mail about events: what a person wants, what waits for it, what a mail says and looks like, and where it goes.

    outbox/{eventId} ──> mailWindows/{uid} ──> mail/{mailId} ──> SES, or a sender of the customer's
         fan-out            when it is due        before it is sent

    preferences     a person's settings, and when the next mail is due by them
    windows         what waits for the next mail
    digest          the events' lines in words
    rendering       the mail's subject, text and HTML
    organisations   how an organisation is named
    letters         the document of a mail and its states
    recipients      a person's address, as Firebase Auth has it now
    unsubscribing   the links that switch mail off
    suppressions    addresses that get no mail any more

`docs/design.md`, section "Sending mail", has the rules.
"""
