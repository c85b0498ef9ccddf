#!/usr/bin/env python3
"""Makes r4.json: of HL7's definitions of FHIR R4 (hl7.fhir.r4.core 4.0.1, CC0) what check.py needs for the resources that
Strongroom writes, and what the tests of the stand-ins need for theirs.

    tests/fhir/trim.py DIR > tests/fhir/r4.json

DIR holds the definitions as HL7 publishes them: profiles-resources.json, profiles-types.json, valuesets.json,
v3-codesystems.json, v2-tables.json, search-parameters.json, each with or without .gz.
"""

import gzip
import json
import os
import sys

RESOURCES = ["AuditEvent", "Binary", "Bundle", "CapabilityStatement", "DocumentReference", "OperationOutcome", "Patient"]
# What the stand-ins have beside those (crates/standin, tests/standin).
MADE_UP = [
    "AllergyIntolerance", "Claim", "Condition", "Coverage", "Encounter", "Immunization", "MedicationRequest", "Observation",
    "Organization", "Practitioner", "RelatedPerson",
]
MADE_UP_SYSTEMS = [
    "allergyintolerance-clinical", "allergyintolerance-verification", "claim-type", "condition-category", "condition-clinical",
    "condition-ver-status", "coverage-class", "observation-category", "processpriority", "subscriber-relationship",
    "v3-ActCode", "v3-ActSite", "v3-ObservationInterpretation", "v3-RoleCode",
]


def load(folder, name):
    path = os.path.join(folder, name)
    if os.path.exists(path + ".gz"):
        with gzip.open(path + ".gz", "rt", encoding="utf-8") as file:
            return json.load(file)
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def regex(element):
    for kind in element.get("type", []):
        for extension in kind.get("extension", []):
            if extension["url"].endswith("/regex"):
                return extension["valueString"]
    return None


def trimmed(definition):
    elements = []
    for element in definition["snapshot"]["element"]:
        one = {"path": element["path"], "min": element["min"], "max": element["max"]}
        kinds = []
        for kind in element.get("type", []):
            code = kind["code"]
            for extension in kind.get("extension", []):
                if extension["url"].endswith("fhir-type"):
                    code = extension.get("valueUrl", extension.get("valueUri", code))
            kinds.append({"code": code, "targets": [url.split("/")[-1] for url in kind.get("targetProfile", [])]})
        one["types"] = kinds
        if "contentReference" in element:
            one["same_as"] = element["contentReference"].lstrip("#")
        binding = element.get("binding")
        if binding and binding["strength"] == "required" and "valueSet" in binding:
            one["codes"] = binding["valueSet"].split("|")[0]
        constraints = element.get("constraint", [])
        one["rules"] = [[c["key"], c["expression"]] for c in constraints if c["severity"] == "error" and "expression" in c]
        found = regex(element)
        if found:
            one["regex"] = found
        elements.append(one)
    return {"kind": definition["kind"], "elements": elements}


def concepts(system, out=None):
    out = {} if out is None else out
    for one in system.get("concept", []):
        out[one["code"]] = one.get("display", "")
        concepts(one, out)
    return out


def main():
    folder = sys.argv[1]
    definitions, systems, sets = {}, {}, {}
    for name in ["profiles-types.json", "profiles-resources.json"]:
        for entry in load(folder, name)["entry"]:
            one = entry["resource"]
            if one["resourceType"] == "StructureDefinition" and "snapshot" in one:
                definitions[one["id"]] = one
    for name in ["valuesets.json", "v3-codesystems.json"]:
        for entry in load(folder, name)["entry"]:
            one = entry["resource"]
            if one["resourceType"] == "CodeSystem" and one.get("content") in ("complete", "fragment"):
                systems[one["url"]] = concepts(one)
            if one["resourceType"] == "ValueSet":
                sets[one["url"]] = one
    wanted, kept = RESOURCES + MADE_UP, {}
    while wanted:
        name = wanted.pop()
        if name in kept or name not in definitions:
            continue
        kept[name] = trimmed(definitions[name])
        for element in kept[name]["elements"]:
            # A whole resource inside another is one of those above.
            wanted += [kind["code"] for kind in element["types"] if kind["code"] not in ("Resource",)]
    codes, used = {}, set()
    for definition in kept.values():
        for element in definition["elements"]:
            url = element.get("codes")
            if not url or url in codes:
                continue
            allowed = []
            for include in sets.get(url, {}).get("compose", {}).get("include", []):
                if "concept" in include:
                    allowed += [one["code"] for one in include["concept"]]
                elif include.get("system") in systems and "filter" not in include:
                    allowed += systems[include["system"]]
                else:
                    # Languages, media types: whole standards that are not here.
                    allowed = None
                    break
            codes[url] = sorted(allowed) if allowed else None
            used.add(url)
    # Systems of which a coding may come from any: those that these resources' preferred codes stand in.
    told = [
        "http://terminology.hl7.org/CodeSystem/audit-event-type",
        "http://terminology.hl7.org/CodeSystem/audit-entity-type",
        "http://terminology.hl7.org/CodeSystem/object-role",
        "http://terminology.hl7.org/CodeSystem/security-source-type",
        "http://terminology.hl7.org/CodeSystem/restful-security-service",
        "http://hl7.org/fhir/restful-interaction",
        "http://terminology.hl7.org/CodeSystem/v2-0203",
        "http://terminology.hl7.org/CodeSystem/v3-ParticipationType",
    ]
    out_systems = {url: sorted(systems[url]) for url in told if url in systems}
    reasons = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
    out_systems[reasons] = sorted(systems[reasons])
    dicom = "http://dicom.nema.org/resources/ontology/DCM"
    out_systems[dicom] = ["110152", "110153"]
    for name in ["audit-event-type", "audit-event-sub-type"]:
        for include in sets["http://hl7.org/fhir/ValueSet/" + name]["compose"]["include"]:
            if include.get("system") == dicom:
                out_systems[dicom] += [one["code"] for one in include["concept"]]
    # Of LOINC those alone that we say; they must be types of documents there.
    loinc = sets["http://hl7.org/fhir/ValueSet/c80-doc-typecodes"]["compose"]["include"]
    types = [one["code"] for include in loinc for one in include.get("concept", [])]
    out_systems["http://loinc.org"] = [code for code in ["34109-9", "51852-2"] if code in types]
    for name in MADE_UP_SYSTEMS:
        url = "http://terminology.hl7.org/CodeSystem/" + name
        out_systems[url] = sorted(systems[url])
    for entry in load(folder, "v2-tables.json")["entry"]:
        one = entry["resource"]
        if one["resourceType"] == "CodeSystem" and one["url"].endswith("/v2-0360|2.7"):
            out_systems[one["url"].split("|")[0]] = sorted(concepts(one))
    params = {}
    for entry in load(folder, "search-parameters.json")["entry"]:
        one = entry["resource"]
        for base in one.get("base", []):
            if base in RESOURCES + ["Resource"]:
                params.setdefault(base, {})[one["code"]] = one["type"]
    json.dump(
        {"definitions": kept, "codes": codes, "systems": out_systems, "params": params}, sys.stdout, sort_keys=True, separators=(",", ":")
    )
    print()


if __name__ == "__main__":
    main()
