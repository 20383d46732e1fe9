"""Google as our credentials meet it: a token server on HTTP, and Firestore behind TLS, which asks for a live token.

The Firestore is the emulator: calls with a live token are passed on to it, message by message.
"""

from __future__ import annotations

import contextlib
import ipaddress
import json
import threading
import urllib.parse
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import uuid4

import grpc  # type: ignore[import-untyped]
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from google.auth import jwt
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.grpc import secure_authorized_channel
from google.auth.transport.requests import Request
from google.cloud.firestore_v1 import Client
from google.cloud.firestore_v1.services.firestore import FirestoreClient
from google.cloud.firestore_v1.services.firestore.transports import FirestoreGrpcTransport

AWS = "aws"
AUDIENCE = "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/aws"

_STREAMS = {"RunQuery", "BatchGetDocuments", "RunAggregationQuery"}


@dataclass
class Google:
    """`keys`: the live keys, as certificates by id; `AWS` stands for the federation. `tokens`: each with its key.

    `down`: the token server's status while it fails.
    """

    keys: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    down: int | None = None
    asked: int = 0  # requests for a token
    token_server: str = ""
    firestore: str = ""
    certificate: bytes = b""

    def new_key(self) -> dict[str, str]:
        """Return the JSON of a new key, as `gcloud iam service-accounts keys create` writes it."""
        key, key_id = rsa.generate_private_key(public_exponent=65537, key_size=2048), uuid4().hex
        self.keys[key_id] = _certificate(key).decode()
        return {
            "type": "service_account",
            "project_id": "demo-keys",
            "private_key_id": key_id,
            "private_key": _pem(key).decode(),
            "client_email": "tracking@demo-keys.iam.gserviceaccount.com",
            "token_uri": f"{self.token_server}/token",
        }

    def federation(self) -> dict[str, Any]:
        """Return what `gcloud iam workload-identity-pools create-cred-config --aws` writes."""
        self.keys[AWS] = ""
        return {
            "type": "external_account",
            "audience": AUDIENCE,
            "subject_token_type": "urn:ietf:params:aws:token-type:aws4_request",
            "token_url": f"{self.token_server}/v1/token",
            "credential_source": {
                "environment_id": "aws1",
                "regional_cred_verification_url": "https://sts.{region}.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15",
            },
        }

    def revoke(self, keep: str = "") -> None:
        """Delete all keys but one, with their tokens."""
        self.keys = {key_id: certificate for key_id, certificate in self.keys.items() if key_id == keep}
        self.tokens = {token: key_id for token, key_id in list(self.tokens.items()) if key_id == keep}

    def client(self, client: Client) -> Client:
        """Let a client of ours call this Firestore, with its own credentials."""
        channel = secure_authorized_channel(  # type: ignore[no-untyped-call]
            client._credentials,
            Request(),
            self.firestore,
            ssl_credentials=grpc.ssl_channel_credentials(self.certificate),
        )
        client._firestore_api_internal = FirestoreClient(transport=FirestoreGrpcTransport(channel=channel))
        return client

    def answer(self, path: str, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """Answer a request for a token: https://developers.google.com/identity/protocols/oauth2/service-account"""
        self.asked += 1
        if self.down is not None:
            return self.down, {"error": "server_error"}
        key_id = AWS if path == "/v1/token" else _signer(form["assertion"], self.keys)
        if key_id not in self.keys:
            return 400, {"error": "invalid_grant", "error_description": "Invalid JWT Signature."}
        token = uuid4().hex
        self.tokens[token] = key_id
        issued = "urn:ietf:params:oauth:token-type:access_token"
        return 200, {"access_token": token, "expires_in": 3600, "token_type": "Bearer", "issued_token_type": issued}

    def is_live(self, token: str) -> bool:
        return token in self.tokens


@contextlib.contextmanager
def google(emulator: str) -> Iterator[Google]:
    """Serve Google on this machine, in front of the emulator."""
    services = Google()
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    services.certificate = _certificate(key)
    with _token_server(services) as services.token_server, grpc.insecure_channel(emulator) as behind:
        server = grpc.server(ThreadPoolExecutor(32), handlers=[_Guard(services, behind)])
        tls = grpc.ssl_server_credentials([(_pem(key), services.certificate)])
        services.firestore = f"localhost:{server.add_secure_port('127.0.0.1:0', tls)}"
        server.start()
        yield services
        server.stop(None).wait()


@contextlib.contextmanager
def _token_server(services: Google) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sent = self.rfile.read(int(self.headers["content-length"])).decode()
            status, body = services.answer(self.path, dict(urllib.parse.parse_qsl(sent)))
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_arguments: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


class _Guard(grpc.GenericRpcHandler):  # type: ignore[misc]
    def __init__(self, services: Google, behind: Any) -> None:
        self._services, self._behind = services, behind

    def service(self, call: Any) -> Any:
        name = call.method.rpartition("/")[2]
        if name in _STREAMS:
            forward = self._behind.unary_stream(call.method)
            return grpc.unary_stream_rpc_method_handler(self._guarded_stream(forward))
        forward = self._behind.unary_unary(call.method)
        return grpc.unary_unary_rpc_method_handler(self._guarded(forward))

    def _guarded(self, forward: Callable[..., bytes]) -> Callable[[bytes, Any], bytes]:
        def handle(request: bytes, context: Any) -> bytes:
            self._check(context)
            try:
                return forward(request, metadata=(("authorization", "Bearer owner"),))
            except grpc.RpcError as error:
                context.abort(error.code(), error.details())
                raise

        return handle

    def _guarded_stream(self, forward: Callable[..., Iterator[bytes]]) -> Callable[[bytes, Any], Iterator[bytes]]:
        def handle(request: bytes, context: Any) -> Iterator[bytes]:
            self._check(context)
            yield from forward(request, metadata=(("authorization", "Bearer owner"),))

        return handle

    def _check(self, context: Any) -> None:
        sent = dict(context.invocation_metadata()).get("authorization", "")
        if not self._services.is_live(sent.removeprefix("Bearer ")):
            context.abort(grpc.StatusCode.UNAUTHENTICATED, "Request had invalid authentication credentials.")


def _signer(assertion: str, keys: dict[str, str]) -> str:
    """Return the id of the key that signed the assertion, or "" if it is none of `keys`."""
    certificates = {key_id: certificate for key_id, certificate in keys.items() if certificate}
    try:
        jwt.decode(assertion, certs=certificates, audience="https://oauth2.googleapis.com/token")  # type: ignore[no-untyped-call]
    except (ValueError, GoogleAuthError):
        return ""
    return str(jwt.decode_header(assertion)["kid"])  # type: ignore[no-untyped-call]


def _pem(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _certificate(key: rsa.RSAPrivateKey) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    today = datetime.now(UTC)
    hosts = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(hosts), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM)
