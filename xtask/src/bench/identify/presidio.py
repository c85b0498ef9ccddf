"""Presidio's own recognisers over the notes of a file, note by note, without a model for names:

    presidio.py FILE

The text is cut into words by a blank pipeline of spaCy. Loading is not measured. Prints one JSON object: bytes, processor
seconds, findings, and the most memory that the process had. Nothing is fetched.
"""

import json
import logging
import resource
import sys
import time

import spacy
import tldextract
from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
from presidio_analyzer.nlp_engine import SpacyNlpEngine


class Blank(SpacyNlpEngine):
    """Words, and nothing that was learnt."""

    def __init__(self):
        super().__init__()
        self.nlp = {"en": spacy.blank("en")}


logging.disable(logging.WARNING)
# The list of domains that came with the library, not the newest one from the network.
tldextract.tldextract.TLD_EXTRACTOR = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
registry = RecognizerRegistry()
registry.load_predefined_recognizers(languages=["en"])
registry.remove_recognizer("SpacyRecognizer")
analyzer = AnalyzerEngine(registry=registry, nlp_engine=Blank(), supported_languages=["en"])
with open(sys.argv[1], encoding="utf-8", newline="") as file:
    text = file.read()
notes = [note for note in text.split("\f") if note]
analyzer.analyze(text=notes[0], language="en")
before = time.process_time()
findings = sum(len(analyzer.analyze(text=note, language="en")) for note in notes)
seconds = time.process_time() - before
memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
print(json.dumps({"bytes": len(text.encode()), "seconds": seconds, "findings": findings, "memory_mb": memory}))
