#!/usr/bin/env python3
"""The API against its own description: schemathesis as nobody, as a program with each right, and with all of them.

    tests/api/run.py STRONGROOM SCHEMATHESIS [SECONDS]

Starts a demo, and ends it. SECONDS is how long each of the twelve runs may take (8 if not given). The last line is
`N passed, N failed`.
"""

import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from demo import Demo  # noqa: E402
from token_of import token  # noqa: E402

ALWAYS = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
]
# Is the token looked at, is what is gone gone.
OF_PROGRAMS = ["ignored_auth", "use_after_free"]
# Is what was made there: for whoever may also read it. A program that may only write is not told.
OF_ALL_RIGHTS = ["ensure_resource_availability"]


def run(schemathesis, url, headers, checks, seconds, folder):
    command = [schemathesis, "run", url + "/api/v1/openapi.json", "--url", url, "--checks", ",".join(checks)]
    command += ["--max-time", str(seconds), "--seed", "1", "--rate-limit", "45/s", "--no-shrink", "--warnings", "off"]
    command += ["--generation-database", "none", "--suppress-health-check", "all", "--continue-on-failure"]
    for name, value in headers.items():
        command += ["--header", f"{name}: {value}"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return done.returncode == 0, done.stdout + done.stderr


def main():
    strongroom, schemathesis = sys.argv[1], sys.argv[2]
    seconds = int(sys.argv[3]) if len(sys.argv) > 3 else 8
    passed, failed = 0, 0
    with Demo(strongroom) as demo:
        url, program, rights = demo.url, demo.programs[0], demo.rights()
        runs = [("nobody", None)] + [(right, right) for right in rights] + [("all rights", " ".join(rights))]
        for name, scope in runs:
            headers, checks = {}, ALWAYS
            if scope:
                secret = token(url, program["client_id"], program["key_file"], scope)
                headers, checks = {"Authorization": f"Bearer {secret}"}, ALWAYS + OF_PROGRAMS
            if name == "all rights":
                checks = checks + OF_ALL_RIGHTS
            good, words = run(schemathesis, url, headers, checks, seconds, demo.folder)
            cases = [line.strip() for line in words.splitlines() if "generated," in line]
            print(f"{'ok    ' if good else 'FAILED'} {name}: {' '.join(cases)}", flush=True)
            if not good:
                print(words, flush=True)
            passed, failed = passed + good, failed + (not good)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
