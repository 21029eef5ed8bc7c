#!/usr/bin/python3
"""Reads a crate with rdflib, and checks what Provenance Run Crate 0.5 asks of it.

usage: read-crate.py FOLDER [--no-data]

Prints one line for each task: its name, its inputs, values and products. What is wrong ends it with
status 1. The contexts that the document names are on the web; here stands what they say of the few
terms that a crate of rowbuild uses. Needs Debian's python3-rdflib.
"""

import hashlib
import json
import os
import sys
import urllib.parse

import rdflib

BASE = "http://crate.invalid/"
SCHEMA = rdflib.Namespace("http://schema.org/")
BIO = rdflib.Namespace("https://bioschemas.org/")
TERMS = rdflib.Namespace("https://w3id.org/ro/terms/workflow-run#")
DC = rdflib.Namespace("http://purl.org/dc/terms/")
TYPE = rdflib.RDF.type
CRATE = "https://w3id.org/ro/crate/1.1/context"
RUN = "https://w3id.org/ro/terms/workflow-run/context"
CONTEXTS = {
    CRATE: {term: str(SCHEMA[term]) for term in (
        "CreativeWork Dataset SoftwareSourceCode HowTo HowToStep SoftwareApplication Person Place "
        "PropertyValue CreateAction ControlAction OrganizeAction ComputerLanguage about name "
        "description version softwareVersion datePublished license mainEntity hasPart mentions "
        "contentSize identifier alternateName exampleOfWork workExample step position "
        "programmingLanguage codeRepository additionalType value instrument object result agent "
        "location startTime endTime actionStatus").split()} | {
            "File": str(SCHEMA.MediaObject),
            "ComputationalWorkflow": str(BIO.ComputationalWorkflow),
            "FormalParameter": str(BIO.FormalParameter),
            "input": str(BIO.input), "output": str(BIO.output),
            "conformsTo": str(DC.conformsTo)},
    RUN: {"sha256": str(TERMS.sha256), "environment": str(TERMS.environment)},
}

wrong = []


def check(holds, message):
    if not holds:
        wrong.append(message)


def main(folder, has_data):
    with open(os.path.join(folder, "ro-crate-metadata.json"), encoding="utf-8") as file:
        document = json.load(file)
    check(document["@context"] == [CRATE, RUN], "the contexts")
    terms = {key for context in CONTEXTS.values() for key in context} | {"@id", "@type"}
    ids = [entity["@id"] for entity in document["@graph"]]
    check(len(ids) == len(set(ids)), "an @id comes twice")
    for entity in document["@graph"]:
        types = entity["@type"] if isinstance(entity["@type"], list) else [entity["@type"]]
        unknown = (set(entity) | set(types)) - terms
        check(not unknown, f"{entity['@id']} uses {unknown}, which no context has")
    document["@context"] = [CONTEXTS[name] for name in document["@context"]]
    graph = rdflib.Graph().parse(data=json.dumps(document), format="json-ld", publicID=BASE)

    def one(subject, predicate):
        found = list(graph.objects(subject, predicate))
        check(len(found) == 1, f"{subject} has {len(found)} {predicate}")
        return found[0] if found else None

    def is_a(subject, kind):
        return (subject, TYPE, kind) in graph

    root = rdflib.URIRef(BASE)
    about = one(rdflib.URIRef(BASE + "ro-crate-metadata.json"), SCHEMA.about)
    check(about == root, f"the document is about {about}")
    for key in ("name", "description", "datePublished", "license"):
        one(root, SCHEMA[key])
    for profile in ("ro/wfrun/process/0.5", "ro/wfrun/workflow/0.5", "ro/wfrun/provenance/0.5",
                    "workflowhub/workflow-ro-crate/1.0"):
        profile = rdflib.URIRef("https://w3id.org/" + profile)
        check((root, DC.conformsTo, profile) in graph, f"it doesn't conform to {profile}")
        check(is_a(profile, SCHEMA.CreativeWork), f"{profile} is not described")
    # Whatever is named is described.
    described = set(graph.subjects(TYPE, None))
    for subject, predicate, thing in graph:
        if isinstance(thing, rdflib.URIRef) and predicate not in (TYPE, DC.conformsTo):
            check(thing in described or thing.startswith(str(SCHEMA)),
                  f"{subject} names {thing}, which is not described")
    # The workflow, its tools and its steps.
    workflow = one(root, SCHEMA.mainEntity)
    for kind in (SCHEMA.MediaObject, SCHEMA.SoftwareSourceCode, BIO.ComputationalWorkflow,
                 SCHEMA.HowTo):
        check(is_a(workflow, kind), f"{workflow} is no {kind}")
    tools = set(graph.objects(workflow, SCHEMA.hasPart))
    steps = set(graph.objects(workflow, SCHEMA.step))
    check(tools and steps, "no tools or no steps")
    for step in steps:
        check(is_a(step, SCHEMA.HowToStep), f"{step} is no step")
        examples = set(graph.objects(step, SCHEMA.workExample))
        check(examples and examples <= tools, f"{step} has no tool")
    for kind in (BIO.input, BIO.output):
        for parameter in graph.objects(workflow, kind):
            check(is_a(parameter, BIO.FormalParameter), f"{parameter} is no parameter")
            one(parameter, SCHEMA.additionalType)
    # What ran.
    mentions = set(graph.objects(root, SCHEMA.mentions))
    runs_of_workflow = set(graph.subjects(SCHEMA.instrument, workflow))
    check(len(runs_of_workflow) == 1, "the workflow ran once")
    tasks = {action for action in graph.subjects(TYPE, SCHEMA.CreateAction)} - runs_of_workflow
    controls = set(graph.subjects(TYPE, SCHEMA.ControlAction))
    check({one(control, SCHEMA.object) for control in controls} == tasks, "each task is controlled")
    for control in controls:
        check(one(control, SCHEMA.instrument) in steps, f"{control} is of no step")
    engines = set(graph.subjects(TYPE, SCHEMA.OrganizeAction))
    organised = [thing for engine in engines for thing in graph.objects(engine, SCHEMA.object)]
    check(sorted(organised) == sorted(controls), "each task is part of one run")
    for engine in engines:
        check(one(engine, SCHEMA.result) in runs_of_workflow, f"{engine} has no result")
        check(is_a(one(engine, SCHEMA.instrument), SCHEMA.SoftwareApplication), f"{engine}: what?")
    check(mentions == tasks | runs_of_workflow | engines, "the root mentions all actions")
    # The files.
    parts = set()
    reached = [root]
    while reached:
        for part in graph.objects(reached.pop(), SCHEMA.hasPart):
            if part not in parts and part not in tools:
                parts.add(part)
                reached.append(part)
    for file in graph.subjects(TYPE, SCHEMA.MediaObject):
        check(file in parts, f"{file} is no part of the root")
        check(file.startswith(BASE) and "#" not in file, f"{file} lies outside")
        path = os.path.join(folder, urllib.parse.unquote(file[len(BASE):], errors="surrogateescape"))
        check(os.path.exists(path) == has_data, f"{path} exists or not")
        if has_data and os.path.exists(path):
            with open(path, "rb") as content:
                data = content.read()
            check(str(len(data)) == str(one(file, SCHEMA.contentSize)), f"{path}: size")
            check(hashlib.sha256(data).hexdigest() == str(one(file, TERMS.sha256)), f"{path}: sha256")
    if has_data:
        there = sum(len(files) for _, _, files in os.walk(folder)) - 1
        count = len(list(graph.subjects(TYPE, SCHEMA.MediaObject)))
        check(there == count, f"{there} files, {count} described")

    def names(subject, predicate, kind):
        return ",".join(sorted(str(one(thing, SCHEMA.name)) for thing in
                               graph.objects(subject, predicate) if is_a(thing, kind)))

    for task in sorted(tasks):
        check(one(task, SCHEMA.instrument) in tools, f"{task} used no tool")
        files = [names(task, key, kind) for key in (SCHEMA.object, SCHEMA.result)
                 for kind in (SCHEMA.MediaObject, SCHEMA.Dataset, SCHEMA.CreativeWork)]
        values = ",".join(sorted(f"{one(thing, SCHEMA.name)}={one(thing, SCHEMA.value)}" for thing in
                                 graph.objects(task, SCHEMA.object)
                                 if is_a(thing, SCHEMA.PropertyValue)))
        ran = one(task, SCHEMA.startTime) is not None if (
            task, SCHEMA.startTime, None) in graph else False
        print(f"{one(task, SCHEMA.name)}: {' '.join(text for text in files[:3] if text)} [{values}] -> "
              f"{' '.join(text for text in files[3:] if text)}{'' if ran else ' (not seen)'}")
    print(f"status {one(next(iter(runs_of_workflow)), SCHEMA.actionStatus).rsplit('/', 1)[1]}")


main(sys.argv[1], "--no-data" not in sys.argv[2:])
for message in wrong:
    print(message, file=sys.stderr)
sys.exit(1 if wrong else 0)
