"""Settings of the functions that tell news, apart from `settings`: what works on jobs needs none of them."""

from __future__ import annotations

from dataclasses import dataclass

from tracking.settings import DEFAULT_DATABASE, FromEnvironment, SettingsError, is_on


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningSettings(FromEnvironment):
    """The settings of whoever uses the stage's key."""

    google_cloud_project: str
    firestore_database: str = DEFAULT_DATABASE
    firebase_credentials_secret: str = ""
    signing_secret: str  # name of the secret from which the endpoints' secrets are made, and which signs links in mails


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackSettings(FromEnvironment):
    """The settings of the feedback function."""

    google_cloud_project: str
    firestore_database: str = DEFAULT_DATABASE
    firebase_credentials_secret: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnsubscribeSettings(SigningSettings):
    """The settings of the unsubscribe function."""

    mail_product: str = "Account tracking"  # the name that readers know


@dataclass(frozen=True, slots=True, kw_only=True)
class MailSettings(UnsubscribeSettings):
    mail_from: str  # the sender's address
    mail_reply_to: str = ""
    mail_app_url: str = ""  # where a mail's button leads; empty: no button
    mail_delivery: str = "ses"  # or "document": the customer's own sender takes the mails
    mail_configuration_set: str = ""  # of SES: reports bounces and complaints
    unsubscribe_url: str

    @property
    def is_sent_by_us(self) -> bool:
        if self.mail_delivery not in {"ses", "document"}:
            raise SettingsError("MAIL_DELIVERY must be ses or document.")
        return self.mail_delivery == "ses"


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifySettings(SigningSettings):
    mail: str = "off"  # whether events go into windows of mail, too

    @property
    def has_mail(self) -> bool:
        return is_on("MAIL", self.mail)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhooksApiSettings(SigningSettings):
    news_queue_url: str
