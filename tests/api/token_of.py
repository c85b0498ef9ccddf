#!/usr/bin/env python3
"""A token for a program: signs a request with its private key (a JSON web key, P-384) and asks for it.

    tests/api/token_of.py URL CLIENT_ID KEY_FILE SCOPE…      prints the token

Nothing but Python's own library and the program `openssl`.
"""

import base64
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def text(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def raw(word):
    return base64.urlsafe_b64decode(word + "=" * (-len(word) % 4))


def pem(jwk):
    """The key as openssl reads it (RFC 5915; the curve is secp384r1)."""
    point = b"\x00\x04" + raw(jwk["x"]) + raw(jwk["y"])
    public = b"\x03" + bytes([len(point)]) + point
    inner = b"\x02\x01\x01" + b"\x04\x30" + raw(jwk["d"]) + b"\xa0\x07\x06\x05\x2b\x81\x04\x00\x22"
    inner += b"\xa1" + bytes([len(public)]) + public
    der = b"\x30\x81" + bytes([len(inner)]) + inner
    return "-----BEGIN EC PRIVATE KEY-----\n" + base64.encodebytes(der).decode() + "-----END EC PRIVATE KEY-----\n"


def number(der, at):
    """An integer of a DER signature as 48 bytes, and where the next one begins."""
    length = der[at + 1]
    value = der[at + 2 : at + 2 + length].lstrip(b"\x00")
    return value.rjust(48, b"\x00"), at + 2 + length


def signed(jwk, claims):
    head = {"alg": "ES384", "kid": jwk["kid"], "typ": "JWT"}
    message = ".".join(text(json.dumps(part).encode()) for part in (head, claims))
    with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:
        os.chmod(file.name, 0o600)
        file.write(pem(jwk))
        file.flush()
        done = subprocess.run(
            ["openssl", "dgst", "-sha384", "-sign", file.name], input=message.encode(), capture_output=True, check=True
        )
    first, at = number(done.stdout, 3 if done.stdout[1] == 0x81 else 2)
    second, _ = number(done.stdout, at)
    return message + "." + text(first + second)


def token(url, client_id, key_file, scope):
    with open(key_file, encoding="utf-8") as file:
        jwk = json.load(file)
    address = url + "/oauth2/token"
    claims = {"iss": client_id, "sub": client_id, "aud": address, "exp": int(time.time()) + 240, "jti": str(uuid.uuid4())}
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": ASSERTION,
        "client_assertion": signed(jwk, claims),
        "scope": scope,
    }
    try:
        with urllib.request.urlopen(address, urllib.parse.urlencode(form).encode(), timeout=30) as answer:
            return json.load(answer)["access_token"]
    except urllib.error.HTTPError as error:
        sys.exit(f"no token: {error.code} {error.read().decode()}")


if __name__ == "__main__":
    if len(sys.argv) < 5:
        sys.exit(__doc__)
    print(token(sys.argv[1], sys.argv[2], sys.argv[3], " ".join(sys.argv[4:])))
