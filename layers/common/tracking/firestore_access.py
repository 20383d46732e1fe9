"""Access to Firestore: its clients, with the credentials of the Firebase project.

Apart from `google_credentials`, because the kick needs that and no Firestore, whose library loads slowly.
"""

from __future__ import annotations

from dataclasses import dataclass

from tracking.google_credentials import SecretCredentials, firebase_app, no_collection
from tracking.settings import DEFAULT_DATABASE

with no_collection():
    from firebase_admin import firestore
    from google.auth.credentials import Credentials
    from google.cloud.firestore_v1 import Client


def firestore_client(project: str, credentials_secret: str = "", database: str = DEFAULT_DATABASE) -> Client:
    """Build a Firestore client through firebase-admin.

    With `FIRESTORE_EMULATOR_HOST` the client uses no credentials. Otherwise the client uses the secret: a service
    account's key, or a workload identity federation's configuration. Without a secret the client uses the machine's
    own credentials.
    """
    client: Client = firestore.client(firebase_app(project, credentials_secret), database)
    return client


@dataclass(frozen=True, slots=True)
class FirestoreAccess:
    """Implements `store.firestore.Access`."""

    project: str
    credentials_secret: str
    database: str

    def connect(self) -> Client:
        """Return a new client with the same credentials. firebase-admin would return the one that it has."""
        return Client(project=self.project, credentials=self._credentials, database=self.database)

    def renew(self, since: float) -> None:
        if isinstance(self._credentials, SecretCredentials):
            self._credentials.doubt(since)

    @property
    def _credentials(self) -> Credentials:
        credentials: Credentials = firebase_app(self.project, self.credentials_secret).credential.get_credential()
        return credentials
