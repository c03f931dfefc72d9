"""A certificate by which the parts of one installation know each other, and nobody else is let in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from orchestrator.services.service_folder import ServiceFolder

VALID = timedelta(days=3650)
SLACK = timedelta(days=1)
"""By which clocks may be wrong."""


def own_certificate(folder: ServiceFolder, name: str) -> tuple[Path, Path]:
    """Files of a certificate that signs itself, and of its key; made when they are first asked for.

    Args:
        folder: of the services.
        name: beginning of the files' names.
    """
    certificate_file, key_file = folder.secret_file(f"{name}-certificate.pem"), folder.secret_file(f"{name}-key.pem")
    if not (certificate_file.is_file() and key_file.is_file()):
        certificate, key = _make()
        folder.write_secret(key_file.name, key)
        folder.write_secret(certificate_file.name, certificate)
    return certificate_file, key_file


def _make() -> tuple[str, str]:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "combo")])
    uses = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - SLACK)
        .not_valid_after(now + VALID)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(uses, critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    form = serialization.PrivateFormat.PKCS8
    written = key.private_bytes(pem, form, serialization.NoEncryption())
    return certificate.public_bytes(pem).decode(), written.decode()
