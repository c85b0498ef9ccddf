#!/usr/bin/env python3
"""Every FHIR resource that a demo gives to its programs, held against HL7's definitions (validate.py).

    tests/fhir/check.py STRONGROOM

Needs fhirpathpy. Starts a demo, and ends it. First the validator itself: sound resources are found sound, and each of a list
of damages is found. The last line is `N passed, N failed`.
"""

import copy
import json
import os
import sys
import urllib.error
import urllib.parse
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "api"))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from demo import Demo  # noqa: E402
from token_of import token  # noqa: E402
from validate import R4, Rules, Validator  # noqa: E402

results = []


def test(name, good, words=""):
    results.append(bool(good))
    print(f"{'ok    ' if good else 'FAILED'} {name}{'' if good else ': ' + str(words)[:2000]}", flush=True)


class Client:
    def __init__(self, url, secret):
        self.url, self.secret = url, secret

    def ask(self, path, form=None, accept="application/fhir+json"):
        path = path if path.startswith("http") else self.url + path
        headers = {"Accept": accept}
        if self.secret:
            headers["Authorization"] = f"Bearer {self.secret}"
        data = urllib.parse.urlencode(form).encode() if form is not None else None
        request = urllib.request.Request(path, data=data, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read()

    def json(self, path, form=None):
        status, headers, body = self.ask(path, form)
        assert headers["Content-Type"].startswith("application/fhir+json"), (path, status, headers["Content-Type"])
        return status, json.loads(body)

    def pages(self, path):
        while path:
            status, page = self.json(path)
            assert status == 200, (path, status, page)
            yield page
            path = next((link["url"] for link in page["link"] if link["relation"] == "next"), None)


def damages():
    """What must be found, each with the resource that it is done to."""
    yield "a missing status", "DocumentReference", lambda one: one.pop("status")
    yield "a word that is no status", "DocumentReference", lambda one: one.update(status="fine")
    yield "an element that is none", "DocumentReference", lambda one: one.update(colour="red")
    yield "no content", "DocumentReference", lambda one: one.update(content=[])
    yield "a list where one belongs", "DocumentReference", lambda one: one.update(description=["x"])
    yield "one where a list belongs", "DocumentReference", lambda one: one.update(category=one["category"][0])
    yield "an id with an underscore", "DocumentReference", lambda one: one.update(id="doc_1")
    yield "a date without a zone", "DocumentReference", lambda one: one.update(date="2026-11-22T10:00:00")
    yield "a subject that cannot be one", "DocumentReference", lambda one: one.update(subject={"reference": "Binary/1"})
    yield "an attachment's size below nothing", "DocumentReference", lambda one: one["content"][0]["attachment"].update(size=-1)
    yield "a code that LOINC does not have as a document", "DocumentReference", lambda one: one["type"]["coding"].append(
        {"system": "http://loinc.org", "code": "00000-0"}
    )
    yield "an empty text", "DocumentReference", lambda one: one.update(description="")
    yield "a birth date that is a moment", "Patient", lambda one: one.update(birthDate="2026-11-22T10:00:00Z")
    yield "a gender of our own", "Patient", lambda one: one.update(gender="F")
    yield "two ways of having died", "Patient", lambda one: one.update(deceasedBoolean=False, deceasedDateTime="2026")
    yield "a contact without a name or a way (pat-1)", "Patient", lambda one: one.update(contact=[{"gender": "male"}])
    yield "nobody who did it", "AuditEvent", lambda one: one.pop("agent")
    yield "an agent that says not whether it asked", "AuditEvent", lambda one: one["agent"][0].pop("requestor")
    yield "a letter that is no action", "AuditEvent", lambda one: one.update(action="X")
    yield "a name and a query together (sev-1)", "AuditEvent", lambda one: one["entity"][0].update(name="x", query="eA==")
    yield "a kind of event that DICOM does not have", "AuditEvent", lambda one: one["type"].update(
        system="http://dicom.nema.org/resources/ontology/DCM", code="1"
    )
    yield "a search set without a mode where there is a score (bdl-2)", "Bundle", lambda one: one["entry"][0].pop("search") and one.update(
        type="collection", total=1
    )
    yield "an entry that says how it was asked for in a search set (bdl-3)", "Bundle", lambda one: one["entry"][0].update(
        request={"method": "GET", "url": "x"}
    )
    yield "no fhirVersion", "CapabilityStatement", lambda one: one.pop("fhirVersion")
    yield "a parameter twice (cpb-12)", "CapabilityStatement", lambda one: one["rest"][0]["resource"][0]["searchParam"].append(
        one["rest"][0]["resource"][0]["searchParam"][0]
    )
    yield "data that is no base64", "Binary", lambda one: one.update(data="a!")
    yield "an issue without a code", "OperationOutcome", lambda one: one["issue"][0].pop("code")


def gather(client, stranger):
    """Every kind of answer there is, by the type of its resource."""
    found = {"CapabilityStatement": [], "Bundle": [], "OperationOutcome": []}

    def keep(answer):
        resource = answer[1]
        found.setdefault(resource["resourceType"], []).append(resource)
        return resource

    keep(stranger.json("/fhir/R4/metadata"))
    keep(stranger.json("/fhir/R4/Patient/x"))
    base = "/fhir/R4"
    patients = set()
    for page in client.pages(f"{base}/DocumentReference?_count=20"):
        found["Bundle"].append(page)
        for entry in page.get("entry", []):
            document = entry["resource"]
            found.setdefault("DocumentReference", []).append(document)
            keep(client.json(f"{base}/DocumentReference/{document['id']}"))
            keep(client.json(document["content"][0]["attachment"]["url"]))
            if "subject" in document:
                patients.add(document["subject"]["reference"])
    for patient in sorted(patients):
        resource = keep(client.json(f"{base}/{patient}"))
        keep(client.json(f"{base}/Patient/_search", {"family": resource["name"][0]["family"]}))
        keep(client.json(f"{base}/Patient?_id={resource['id']}"))
    for page in client.pages(f"{base}/AuditEvent?_count=200"):
        found["Bundle"].append(page)
        found.setdefault("AuditEvent", []).extend(entry["resource"] for entry in page.get("entry", []))
    keep(client.json(f"{base}/AuditEvent/{found['AuditEvent'][0]['id']}"))
    for path, form in [
        ("/DocumentReference?_include=x", None),
        ("/DocumentReference/doc-0", None),
        ("/Patient?family=x", None),
        ("/Patient/_search", {"given": "x"}),
        ("/Patient/_search", {"family": "Nobodyatall"}),
        ("/NoSuchType", None),
        ("/AuditEvent?date=x", None),
        ("/DocumentReference?status=superseded", None),
    ]:
        keep(client.json(base + path, form))
    return found


def listed(statement):
    """Search parameters are FHIR's own, of FHIR's own type; our `_id` is written as a token there."""
    for resource in statement["rest"][0]["resource"]:
        known = {**R4["params"]["Resource"], **R4["params"].get(resource["type"], {})}
        for one in resource.get("searchParam", []):
            yield f"{resource['type']}.{one['name']}", known.get(one["name"]) == one["type"]


def main():
    strongroom = sys.argv[1]
    with Demo(strongroom) as demo:
        url, program, stranger = demo.url, demo.programs[0], Client(demo.url, None)
        secret = token(url, program["client_id"], program["key_file"], " ".join(demo.rights()))
        found = gather(Client(url, secret), stranger)
        rules = Rules()
        for kind, resources in sorted(found.items()):
            wrong = [(one.get("id"), words) for one in resources for words in Validator(rules).check(one)]
            test(f"{kind}: {len(resources)} of them, as HL7 defines it", not wrong and resources, wrong[:10])
        for name, good in listed(found["CapabilityStatement"][0]):
            test(f"{name} is a parameter of FHIR's own", good)
        for name, kind, damage in damages():
            source = next(one for one in found[kind] if kind != "Bundle" or one.get("entry"))
            sound = copy.deepcopy(source)
            damage(sound)
            test(f"{name} is found", Validator(rules).check(sound))
        print(f"{len(rules.tried)} of the definitions' rules were tried: {' '.join(sorted(rules.tried))}")
        test("rules were tried at all", len(rules.tried) > 25, rules.tried)
    print(f"{sum(results)} passed, {len(results) - sum(results)} failed")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
