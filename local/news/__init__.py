"""Receiver of the webhooks that the functions send, and inbox of their mail, with a page for people.

Webhooks. In local mode the notify function posts each delivery here, whatever its endpoint's address is:

    POST   /webhooks?url=ADDRESS    kept, verified with the address's secret, and answered as that address was told to
    GET    /webhooks?url=ADDRESS    the kept ones, newest first, without `url` those of all addresses
    DELETE /webhooks                forgets them
    GET    /receivers               the addresses: whether their secret is known, and how they answer
    POST   /receivers               {"url", "secret"}: the secret of an address; "" forgets it
    POST   /behaviour               {"url", "answers": [{"status", "times", "delayS", "headers"}]}: its next answers, in
                                    order. `times` null is for ever. After them it answers 200 again

Mail. The functions find Amazon SES (v2) here; the AWS stand-in behind it does not keep headers:

    ANY    /v2/email/...            passed on; a SendEmail is kept with its headers, and with what was answered
    GET    /mails                   the kept ones, newest first
    GET    /mails/ID/html           the HTML of one, for a frame: no script, no request to anywhere
    POST   /mails/ID/unsubscribe    presses its List-Unsubscribe, as mail programs do (RFC 8058): {"status": 200}
    DELETE /mails                   forgets them

And for people: GET / is the page, GET /state what it shows. The newest 200 of each kind are kept, in memory alone.
Verified means: by the public package `standardwebhooks`, as by a customer's receiver, and not by our own code.
"""
