"""Holds a FHIR R4 resource against HL7's own definitions of it (r4.json): elements, how often, of which type, how a primitive
is written, codes of required value sets and of the systems that are known, references, and the definitions' own rules
(FHIRPath). It says what is wrong; it is no general validator: profiles, slices and terminology beyond r4.json are not its.
"""

import json
import os
import re

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "r4.json"), encoding="utf-8") as file:
    R4 = json.load(file)

DEFINITIONS, CODES, SYSTEMS = R4["definitions"], R4["codes"], R4["systems"]
# What a rule needs that a resource by itself does not have; and hasValue(), which fhirpathpy does not know: that no element is
# empty (ele-1) is looked at by `complex` and `primitive`.
NOT_HERE = ("resolve()", "memberOf", "htmlChecks", "conformsTo", "hasValue()")


class Rules:
    """The definitions' rules; each counted once it was really looked at."""

    def __init__(self):
        from fhirpathpy import compile as compiled
        from fhirpathpy.engine.nodes import ResourceNode
        from fhirpathpy.models import models

        self.compile, self.node, self.model = compiled, ResourceNode.create_node, models["r4"]
        self.known, self.tried = {}, set()

    def holds(self, node, at, rule, resource):
        key, expression = rule
        expression = re.sub(r"\.trace\('[^']*'(, ?\w+)?\)", "", expression)
        if any(word in expression for word in NOT_HERE):
            return True
        if expression not in self.known:
            self.known[expression] = self.compile(expression, self.model)
        # With its type, so that `value` is known to be valueString, valueCode and so on.
        root = node if "resourceType" in node else self.node(node, at)
        found = self.known[expression](root, {"resource": resource, "rootResource": resource})
        self.tried.add(key)
        return all(one is not False for one in found)


class Validator:
    def __init__(self, rules=None):
        self.rules, self.wrong, self.within = rules, [], []

    def check(self, resource):
        """Everything that is wrong with it."""
        self.wrong = []
        self.resource(resource, resource.get("resourceType", "?"))
        return self.wrong

    def say(self, path, words):
        self.wrong.append(f"{path}: {words}")

    def resource(self, node, path):
        kind = node.get("resourceType")
        if kind not in DEFINITIONS or DEFINITIONS[kind]["kind"] != "resource":
            return self.say(path, f"{kind} is no resource that is known here")
        # The definitions call the type of this element a string.
        if "id" in node and not re.fullmatch(r"[A-Za-z0-9\-.]{1,64}", str(node["id"])):
            self.say(f"{path}.id", "is not written as an id")
        self.within.append(node)
        self.complex({name: value for name, value in node.items() if name != "resourceType"}, kind, path, node)
        self.within.pop()

    def complex(self, node, at, path, whole=None):
        """`at` is the path of the element or type in the definitions."""
        if not isinstance(node, dict):
            return self.say(path, "is no object")
        if not node:
            return self.say(path, "is empty")
        elements = DEFINITIONS[at.split(".")[0]]["elements"]
        own = next(one for one in elements if one["path"] == at)
        for key, expression in own["rules"]:
            if self.rules and not self.rules.holds(node if whole is None else whole, at, (key, expression), self.within[-1]):
                self.say(path, f"{key} does not hold: {expression}")
        children = [one for one in elements if one["path"].startswith(at + ".") and "." not in one["path"][len(at) + 1 :]]
        left = set(node)
        for child in children:
            name = child["path"][len(at) + 1 :]
            for key, kind in names(name, child):
                if key in left:
                    left.discard(key)
                    self.element(node[key], child, kind, f"{path}.{key}")
                if "_" + key in left:
                    left.discard("_" + key)
            there = [key for key, _ in names(name, child) if key in node]
            if len(there) > 1:
                self.say(path, f"{' and '.join(there)} exclude each other")
            if child["min"] > 0 and not there:
                self.say(path, f"{name} is missing")
        for key in sorted(left):
            self.say(path, f"{key} is no element")

    def element(self, value, child, kind, path):
        many = child["max"] != "1"
        if many != isinstance(value, list):
            return self.say(path, "is a list" if not many else "is no list")
        values = value if many else [value]
        if child["max"] not in ("*", "1") and len(values) > int(child["max"]):
            self.say(path, f"is there more than {child['max']} times")
        if len(values) < child["min"] or not values:
            self.say(path, "is there too seldom")
        for number, one in enumerate(values):
            here = f"{path}[{number}]" if many else path
            self.one(one, child, kind, here)

    def one(self, value, child, kind, path):
        if "same_as" in child:
            return self.complex(value, child["same_as"], path)
        if kind["code"] in ("BackboneElement", "Element"):
            return self.complex(value, child["path"], path)
        if kind["code"] in ("Resource", "DomainResource"):
            return self.resource(value, path)
        code = kind["code"].rsplit("/", 1)[-1].replace("System.String", "string").replace("System.", "").lower() if "/" in kind["code"] else kind["code"]
        definition = DEFINITIONS.get(code)
        if definition is None:
            return self.say(path, f"the type {code} is not known here")
        if definition["kind"] == "primitive-type":
            self.primitive(value, code, path)
        else:
            self.complex(value, code, path)
            if code == "Reference":
                self.reference(value, kind["targets"], path)
            if code == "Coding":
                self.coding(value, path)
        allowed = CODES.get(child.get("codes"))
        if allowed and isinstance(value, str) and value not in allowed:
            self.say(path, f"{value!r} is not in {child['codes']}")

    def primitive(self, value, code, path):
        wanted = {"boolean": bool, "integer": int, "unsignedInt": int, "positiveInt": int, "decimal": (int, float)}.get(code, str)
        if not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
            return self.say(path, f"is no {code}")
        text = value if isinstance(value, str) else json.dumps(value)
        pattern = next((one["regex"] for one in DEFINITIONS[code]["elements"] if "regex" in one), None)
        if pattern and code != "base64Binary" and not re.fullmatch(pattern, text):
            self.say(path, f"{text!r} is not written as a {code}")
        if code == "base64Binary" and not re.fullmatch(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?", text):
            self.say(path, "is no base64")
        if text == "":
            self.say(path, "is empty")
        if code in ("unsignedInt", "positiveInt", "integer") and not -(2**31) <= value < 2**31:
            self.say(path, "is no 32 bits long")

    def reference(self, value, targets, path):
        kind = value.get("type")
        literal = value.get("reference", "")
        named = literal.split("/")[-2] if literal.count("/") else None
        for one in filter(None, [kind, named]):
            if targets and "Resource" not in targets and one not in targets:
                self.say(path, f"{one} cannot stand here")
        if kind and named and kind != named:
            self.say(path, f"says {kind} and leads to {named}")

    def coding(self, value, path):
        known = SYSTEMS.get(value.get("system"))
        if known is not None and value.get("code") not in known:
            self.say(path, f"{value.get('code')!r} is not in {value.get('system')}")


def names(name, child):
    """`deceased[x]` is `deceasedBoolean` or `deceasedDateTime`."""
    if not name.endswith("[x]"):
        return [(name, child["types"][0] if child["types"] else {"code": "?", "targets": []})]
    return [(name[:-3] + kind["code"][0].upper() + kind["code"][1:], kind) for kind in child["types"]]
