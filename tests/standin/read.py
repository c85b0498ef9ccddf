#!/usr/bin/env python3
"""Stand-ins read back by parsers that others wrote: python-hl7, hl7apy, lxml, fhir.resources, pypdf, python-docx; and every FHIR
resource held against HL7's definitions, rules included (../fhir/validate.py).

    tests/standin/read.py CLEAN DIRTY

Two folders that `strongroom standin --formats all` made, the second with dirt. The last line is `N passed, N failed`.
"""

import csv
import io
import json
import os
import re
import sys
import tempfile
import warnings
from collections import Counter, defaultdict
from pathlib import Path

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "fhir"))
warnings.filterwarnings("ignore")

import docx  # noqa: E402
import hl7  # noqa: E402
import pypdf  # noqa: E402
from fhir.resources.R4B import get_fhir_model_class  # noqa: E402
from hl7apy.consts import VALIDATION_LEVEL  # noqa: E402
from hl7apy.exceptions import HL7apyException  # noqa: E402
from hl7apy.parser import parse_message  # noqa: E402
from lxml import etree  # noqa: E402
from validate import SYSTEMS, Rules, Validator  # noqa: E402

# Of LOINC only the codes of the server's own documents are kept there.
SYSTEMS.pop("http://loinc.org", None)
# hl7apy builds every group and is slow, as are rules in FHIRPath: so many of each kind.
SLOW = 40
CDA = {"c": "urn:hl7-org:v3"}
results = []


def test(name, wrong, looked):
    good = looked > 0 and not wrong
    results.append(good)
    print(f"{'ok    ' if good else 'FAILED'} {name} ({looked})", flush=True)
    for words in wrong[:8]:
        print(f"       {str(words)[:600]}")


def each(items, check):
    """What is wrong, and how many were looked at."""
    wrong, looked = [], 0
    for name, item in items:
        looked += 1
        try:
            said = check(item)
            if said:
                wrong.append((name, said))
        except Exception as error:  # noqa: BLE001: whatever a parser throws is its verdict
            wrong.append((name, f"{type(error).__name__}: {error}"))
    return wrong, looked


def messages(folder):
    for path in sorted(folder.glob("*/hl7v2/*.hl7")):
        text = path.read_bytes().decode("utf-8")
        for part in re.split(r"(?m)(?:^|(?<=\r))(?=MSH\|)", text):
            if part:
                yield str(path), part


def few(items, key):
    seen = Counter()
    for name, item in items:
        seen[key(item)] += 1
        if seen[key(item)] <= SLOW:
            yield name, item


def with_hl7(text):
    message = hl7.parse(text)
    if str(message) != text:
        return "is not what it was after reading and writing"
    if len(str(message["MSH"][0][9])) < 5 or not str(message["PID"][0][3]):
        return "has no type or no patient"
    return None


def with_hl7apy(text):
    message = parse_message(text, validation_level=VALIDATION_LEVEL.TOLERANT, find_groups=True)
    with tempfile.NamedTemporaryFile("r") as report:
        # It throws the first error and writes all of them, with warnings of what it does not know.
        try:
            message.validate(report_file=report.name)
        except HL7apyException as error:
            return str(error)
        lines = [line for line in report.read().splitlines() if line.startswith("Error")]
    return lines[0] if lines else None


def damaged(text):
    """A message that lacks a segment is refused, or the parser looks at nothing."""
    lines = [line for line in text.split("\r") if not line.startswith("PID|")]
    return None if with_hl7apy("\r".join(lines)) else "lacks its patient and was taken"


def resources(folder):
    for path in sorted(folder.glob("*/fhir/*.ndjson")):
        with open(path, encoding="utf-8") as file:
            for line in file:
                yield str(path), json.loads(line)


def with_fhir_resources(resource):
    get_fhir_model_class(resource["resourceType"]).model_validate(resource)


def ccda(path):
    root = etree.parse(path).getroot()
    for wanted in [
        "c:recordTarget/c:patientRole/c:patient/c:name/c:family", "c:author/c:assignedAuthor/c:id",
        "c:custodian/c:assignedCustodian/c:representedCustodianOrganization/c:name", "c:component/c:structuredBody/c:component/c:section/c:text",
    ]:
        if root.find(wanted, CDA) is None:
            return f"has no {wanted}"
    ids = [one for one in root.xpath("//@ID")]
    if len(ids) != len(set(ids)):
        return "has an ID twice"
    for value in root.xpath("//c:reference/@value", namespaces=CDA):
        if value.startswith("#") and value[1:] not in ids:
            return f"{value} leads nowhere"
    return None


def words(text):
    return text.split()


def plain(text):
    return re.sub(r"\s+", "", text)


def documents(folder):
    for path in sorted(folder.glob("*/text/*.txt")):
        yield str(path), path


def with_docx(path):
    text = path.read_text(encoding="utf-8")
    package = docx.Document(str(path).replace("/text/", "/docx/").replace(".txt", ".docx"))
    said = "\n".join(paragraph.text for paragraph in package.paragraphs)
    return None if said == text.rstrip() else "says another thing"


def with_pypdf(path):
    text = path.read_text(encoding="utf-8")
    reader = pypdf.PdfReader(str(path).replace("/text/", "/pdf/").replace(".txt", ".pdf"), strict=True)
    said = "".join(page.extract_text() for page in reader.pages)
    # Windows-1252 lacks some letters; those without marks stand for them.
    if text.isascii() and plain(said) != plain(text):
        return "says another thing"
    return None if abs(len(plain(said)) - len(plain(text))) <= 6 else "is shorter or longer"


def tables(folder, is_dirty):
    wrong, looked = [], 0
    for path in sorted(folder.glob("*/csv/*.csv")):
        data = path.read_bytes()
        text = data.decode("utf-8", errors="replace") if is_dirty else data.decode("utf-8")
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
        looked += len(rows) - 1
        wrong += [(str(path), row) for row in rows if len(row) != len(rows[0])]
    return wrong, looked


def same_people(folder):
    """Name and birth date in FHIR and in the clean tables."""
    wrong, people = [], {}
    for path in sorted(folder.glob("*/csv/patients.csv")):
        with open(path, encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                people[(path.parts[-3], row["mrn"])] = (row["last_name"], row["first_name"], row["birth_date"])
    looked = 0
    for path in sorted(folder.glob("*/fhir/Patient.ndjson")):
        for line in open(path, encoding="utf-8"):
            one = json.loads(line)
            year, month, day = one["birthDate"].split("-")
            said = (one["name"][0]["family"], one["name"][0]["given"][0], f"{month}/{day}/{year}")
            looked += 1
            if people.get((path.parts[-3], one["identifier"][0]["value"])) != said:
                wrong.append((str(path), one["id"]))
    return wrong, looked


def spans(folder):
    wrong, looked = [], 0
    for path in sorted(folder.glob("*/truth/spans.ndjson")):
        texts = {}
        for line in open(path, encoding="utf-8"):
            one = json.loads(line)
            file = path.parents[1] / one["path"]
            data = texts.setdefault(file, file.read_bytes())
            try:
                said = data[one["start"] : one["end"]].decode("utf-8")
                if not said or said != said.strip():
                    wrong.append((str(file), one))
            except UnicodeDecodeError:
                wrong.append((str(file), one))
            looked += 1
    return wrong, looked


def truth_of_dirt(folder):
    """Each kind of dirt is there, and the tables show duplicates as often as the truth says."""
    kinds, wrong = Counter(), []
    for path in sorted(folder.glob("*/truth/dirt.ndjson")):
        kinds.update(json.loads(line)["kind"] for line in open(path, encoding="utf-8"))
    for kind in ["duplicate", "two_numbers", "swapped_date", "cp1252", "truncated", "typo", "orphan"]:
        if not kinds[kind]:
            wrong.append(f"no {kind}")
    known, orphans, repeated = defaultdict(set), 0, 0
    for path in sorted(folder.glob("*/csv/patients.csv")):
        rows = list(csv.reader(io.StringIO(path.read_bytes().decode("cp1252", errors="replace"), newline="")))
        repeated += sum(one == other for one, other in zip(rows, rows[1:]))
        known[path.parts[-3]] = {row[0] for row in rows}
    for path in sorted(folder.glob("*/csv/visits.csv")):
        with open(path, encoding="utf-8", newline="") as file:
            orphans += sum(row["mrn"] not in known[path.parts[-3]] for row in csv.DictReader(file))
    if repeated != kinds["duplicate"] or not 0 < orphans <= kinds["orphan"]:
        wrong.append((repeated, orphans, dict(kinds)))
    return wrong, sum(kinds.values())


def main():
    clean, dirty = Path(sys.argv[1]), Path(sys.argv[2])
    rules = Rules()
    for name, folder in [("clean", clean), ("dirty", dirty)]:
        test(f"{name}: csv reads every table, and columns never move", *tables(folder, folder == dirty))
        test(f"{name}: python-hl7 reads every message and writes it as it was", *each(messages(folder), with_hl7))
        kind = lambda text: text.split("|")[8]  # noqa: E731
        test(f"{name}: hl7apy validates messages of each kind", *each(few(messages(folder), kind), with_hl7apy))
        test(f"{name}: fhir.resources takes every resource", *each(resources(folder), with_fhir_resources))
        kind = lambda one: one["resourceType"]  # noqa: E731
        test(f"{name}: R4's definitions and their rules hold", *each(few(resources(folder), kind), lambda one: Validator(rules).check(one)))
        test(f"{name}: lxml reads every C-CDA document", *each(((str(path), str(path)) for path in sorted(folder.glob("*/ccda/*.xml"))), ccda))
        test(f"{name}: python-docx reads what the text says", *each(documents(folder), with_docx))
        test(f"{name}: pypdf reads what the text says", *each(documents(folder), with_pypdf))
        test(f"{name}: the truth's spans are whole", *spans(folder))
    test("a message without its patient is refused by hl7apy", *each(list(messages(clean))[:5], damaged))
    test("clean: the same people in tables and in FHIR", *same_people(clean))
    test("dirty: every kind of dirt, as often as the truth says", *truth_of_dirt(dirty))
    print(f"{len(rules.tried)} of the definitions' rules were tried")
    print(f"{sum(results)} passed, {len(results) - sum(results)} failed")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
