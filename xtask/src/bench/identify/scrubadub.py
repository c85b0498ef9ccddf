"""scrubadub's usual detectors over the notes of a file, note by note:

    scrubadub.py FILE

None of them finds names of people. Loading is not measured. Prints one JSON object: bytes, processor seconds, findings, and
the most memory that the process had.
"""

import sys

# This script must not be found in place of the library of the same name.
sys.path.pop(0)

import json
import resource
import time

import scrubadub

scrubber = scrubadub.Scrubber(locale="en_US")
with open(sys.argv[1], encoding="utf-8", newline="") as file:
    text = file.read()
notes = [note for note in text.split("\f") if note]
sum(1 for _ in scrubber.iter_filth(notes[0]))
before = time.process_time()
findings = sum(1 for note in notes for _ in scrubber.iter_filth(note))
seconds = time.process_time() - before
memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
print(json.dumps({"bytes": len(text.encode()), "seconds": seconds, "findings": findings, "memory_mb": memory}))
