"""Waits for the KMS that moto plays at the address named, and makes a key there; prints its ARN."""

import json
import sys
import time
import urllib.request

HEADERS = {
    "content-type": "application/x-amz-json-1.1",
    "x-amz-target": "TrentService.CreateKey",
    "authorization": "AWS4-HMAC-SHA256 Credential=A/20260101/us-east-1/kms/aws4_request, SignedHeaders=host, Signature=0",
}

for _ in range(100):
    try:
        request = urllib.request.Request(sys.argv[1] + "/", data=b"{}", headers=HEADERS, method="POST")
        with urllib.request.urlopen(request, timeout=5) as answer:
            print(json.load(answer)["KeyMetadata"]["Arn"])
            sys.exit(0)
    except OSError:
        time.sleep(0.2)
sys.exit("no KMS")
