"""A demo of its own for a test: started, waited for, and ended; whatever it said is shown at the end."""

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request


class Demo:
    """`with Demo(strongroom) as demo`: `demo.url`, the first of `demo.programs`, and a `demo.folder` of its own."""

    def __init__(self, strongroom):
        self.place = tempfile.TemporaryDirectory(prefix="strongroom-api-")
        self.folder = self.place.name
        self.log = open(os.path.join(self.folder, "demo.log"), "w", encoding="utf-8")
        command = [strongroom, "demo", "--stand-ins", "0", "--listen", "127.0.0.1:0", "--json", "--log", "error"]
        # A database and a bucket, where bin/test has made them for this one.
        command += os.environ.get("STRONGROOM_DEMO", "").split()
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.log, text=True)

    def __enter__(self):
        try:
            told = json.loads(self.process.stdout.readline())
            self.url, self.programs = told["url"], told["programs"]
            self.ready()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(30)
        self.log.close()
        with open(self.log.name, encoding="utf-8") as file:
            sys.stderr.write(file.read())
        self.place.cleanup()

    def ready(self):
        for _ in range(600):
            try:
                urllib.request.urlopen(self.url + "/readyz", timeout=5)
                return
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.1)
        sys.exit("the demo does not answer")

    def rights(self):
        """Every right that programs can have."""
        with urllib.request.urlopen(self.url + "/.well-known/smart-configuration", timeout=30) as answer:
            return json.load(answer)["scopes_supported"]
