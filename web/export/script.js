/**
 * A graph as a Python script that has the server run it: the standard library only, the prompt in it as it is sent (JSON never holds three quotes
 * in a row, so it can stand in Python's), and arguments for what one changes from run to run.
 *
 * @typedef {import('../model/schema.js').Schema} Schema
 * @typedef {{ class_type: string, inputs: Record<string, unknown>, _meta?: { title?: string } }} PromptNode
 * @typedef {Record<string, PromptNode>} Prompt
 * @typedef {{ flag: string, node: string, input: string, about: string }} Words an argument for one text
 */

import { grownType } from '../model/grown.js'

/** Texts that get an argument each; more of them are set by `--set`. */
const MOST_TEXTS = 8

/** @param {Prompt} prompt @param {Schema} schema @param {{ name: string, server: string }} parts */
export function pythonScript(prompt, schema, { name, server }) {
  const seeds = seedsOf(prompt, schema)
  const texts = textsOf(prompt, schema)
  const files = filesOf(prompt, schema)
  const title = oneLine(name)
  return `#!/usr/bin/env python3
"""${inDocstring(title)}: has Easel run this graph and saves what comes out.

    python3 ${inDocstring(fileName(title))}.py${seeds.length ? ' --seed 7' : ''}${texts[0] ? ` ${texts[0].flag} "something else"` : ''} --out results

It needs Python 3.9 and a running server, nothing else. --help lists all arguments.${files.length ? `
These files must be in the server's input folder: ${inDocstring(files.join(', '))}.` : ''}
"""

import argparse
import json
import os
import random
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

SERVER = ${py(server)}

# What is changed by arguments: (node, input).
SEEDS = ${pyList(seeds.map(({ node, input }) => `(${py(node)}, ${py(input)})`))}
TEXTS = {${texts.map(({ flag, node, input, about }) => `\n    ${py(flag)}: (${py(node)}, ${py(input)}, ${py(about)}),`).join('')}${texts.length ? '\n' : ''}}

PROMPT = json.loads(r"""
${JSON.stringify(prompt, null, 1)}
""")


def main():
    given = arguments()
    os.makedirs(given.out, exist_ok=True)
    for number in range(given.count):
        prompt = changed(given, number)
        id = call(given, "/prompt", {"prompt": prompt, "client_id": "script"})["prompt_id"]
        try:
            entry = wait_for(given, id)
        except KeyboardInterrupt:
            call(given, "/interrupt", {"prompt_id": id})
            call(given, "/queue", {"delete": [id]})
            sys.exit("Stopped.")
        if entry["status"]["status_str"] != "success":
            sys.exit(failure(entry))
        save(given, entry)


def arguments():
    parser = argparse.ArgumentParser(description="Runs the graph on an Easel server and saves what comes out.")
    parser.add_argument("--server", default=SERVER, help="its address (default: %(default)s)")
    parser.add_argument("--token", default=os.environ.get("EASEL_TOKEN"), help="where the server asks for one")
    parser.add_argument("--out", default=".", help="the folder that results are saved in (default: this one)")
    parser.add_argument("--count", type=int, default=1, help="how many runs, each with the next seed")
    if SEEDS:
        parser.add_argument("--seed", help="a number, or 'random' (default: as in the graph)")
    for flag, (node, name, about) in TEXTS.items():
        parser.add_argument(flag, metavar="TEXT", dest=f"text_{node}_{name}", help=about.replace("%", "%%"))
    parser.add_argument(
        "--set", action="append", default=[], metavar="NODE.INPUT=VALUE", help="any other input; VALUE is JSON or text"
    )
    return parser.parse_args()


def changed(given, number):
    """The prompt of one run, with what the arguments say."""
    prompt = json.loads(json.dumps(PROMPT))
    seed = getattr(given, "seed", None)
    for node, name in SEEDS:
        first = prompt[node]["inputs"][name]
        if seed is not None:
            first = random.randrange(2**50) if seed == "random" else int(seed)
        prompt[node]["inputs"][name] = first + number
    for node, name, _ in TEXTS.values():
        text = getattr(given, f"text_{node}_{name}")
        if text is not None:
            prompt[node]["inputs"][name] = text
    for setting in given.set:
        where, equals, value = setting.partition("=")
        node, _, name = where.rpartition(".")
        if not equals or node not in prompt:
            sys.exit(f"--set {setting}: write NODE.INPUT=VALUE; the nodes are {', '.join(prompt)}")
        try:
            prompt[node]["inputs"][name] = json.loads(value)
        except ValueError:
            prompt[node]["inputs"][name] = value
    return prompt


def wait_for(given, id):
    """What the run's entry in the history says, once it is there."""
    pause = 0.1
    gone = False
    while True:
        entry = call(given, "/history/" + id).get(id)
        if entry is not None:
            return entry
        if gone:
            sys.exit("The run was taken out of the queue.")
        queue = call(given, "/queue")
        gone = all(id not in job for job in queue["queue_running"] + queue["queue_pending"])
        time.sleep(pause)
        pause = min(pause * 1.3, 2)


def failure(entry):
    for kind, data in entry["status"].get("messages", []):
        if kind == "execution_error":
            return f"The run failed at {data.get('node_type')} ({data.get('node_id')}): {data.get('exception_message')}"
        if kind == "execution_interrupted":
            return "The run was stopped."
    return "The run failed."


def save(given, entry):
    """Every file that the outputs list."""
    for output in entry["outputs"].values():
        for listed in output.values():
            for file in listed if isinstance(listed, list) else []:
                if not isinstance(file, dict) or "filename" not in file:
                    continue
                query = {"filename": file["filename"], "subfolder": file.get("subfolder", ""), "type": file.get("type", "output")}
                path = free_path(given.out, os.path.basename(file["filename"]))
                with open(path, "wb") as saved:
                    saved.write(fetch(given, "/view?" + urllib.parse.urlencode(query)))
                print(path)


def free_path(folder, name):
    """A path in the folder at which there is no file yet."""
    stem, ending = os.path.splitext(name)
    path, number = os.path.join(folder, name), 1
    while os.path.exists(path):
        number += 1
        path = os.path.join(folder, f"{stem} {number}{ending}")
    return path


def call(given, route, body=None):
    return json.loads(fetch(given, route, body) or "null")


def fetch(given, route, body=None):
    request = urllib.request.Request(given.server.rstrip("/") + route)
    if given.token:
        request.add_header("Authorization", "Bearer " + given.token)
    if body is not None:
        request.add_header("Content-Type", "application/json")
        request.data = json.dumps(body).encode()
    try:
        with urllib.request.urlopen(request, timeout=600) as reply:
            return reply.read()
    except urllib.error.HTTPError as error:
        sys.exit(refusal(error))
    except (urllib.error.URLError, OSError) as error:
        sys.exit(f"{given.server} does not answer: {getattr(error, 'reason', error)}")


def refusal(error):
    text = error.read().decode("utf-8", "replace")
    try:
        said = json.loads(text)
        lines = [said["error"]["message"]]
        for node, wrong in said.get("node_errors", {}).items():
            for problem in wrong["errors"]:
                lines.append(f"  {wrong['class_type']} ({node}): {problem['message']} {problem.get('details', '')}".rstrip())
        return "\\n".join(lines)
    except (ValueError, KeyError, TypeError):
        return f"The server answered {error.code}: {text[:300]}"


if __name__ == "__main__":
    main()
`
}

/** @param {Prompt} prompt @param {Schema} schema @param {(type: import('../model/schema.js').WidgetSpec) => boolean} fits */
const inputsOf = (prompt, schema, fits) => Object.entries(prompt).flatMap(([node, { class_type, inputs }]) =>
  (grownType(schema.get(class_type), inputs)?.inputs ?? []).flatMap(({ name, widget }) => (widget && name in inputs && !Array.isArray(inputs[name]) && fits(widget) ? [{ node, input: name, value: inputs[name] }] : [])))

/** @param {Prompt} prompt @param {Schema} schema */
const seedsOf = (prompt, schema) => inputsOf(prompt, schema, spec => spec.kind === 'number' && spec.seed).filter(({ value }) => Number.isInteger(value))

/** @param {Prompt} prompt @param {Schema} schema */
const filesOf = (prompt, schema) => [...new Set(inputsOf(prompt, schema, spec => spec.kind === 'combo' && Boolean(spec.upload)).map(({ value }) => oneLine(String(value))))]

/** Long texts, by what they are for: what feeds a `negative` is `--negative`. @param {Prompt} prompt @param {Schema} schema @returns {Words[]} */
function textsOf(prompt, schema) {
  const taken = new Set()
  return inputsOf(prompt, schema, spec => spec.kind === 'text' && spec.multiline).filter(({ value }) => typeof value === 'string').slice(0, MOST_TEXTS).map(({ node, input }) => {
    const own = prompt[node]
    const word = feeds(prompt, node, 'negative') ? 'negative' : 'text'
    let flag = `--${word}`
    for (let number = 2; taken.has(flag); number++) flag = `--${word}-${number}`
    taken.add(flag)
    const title = oneLine(own?._meta?.title || schema.get(own?.class_type ?? '')?.title || own?.class_type || '')
    return { flag, node, input, about: `${input} of ${title} (node ${node})` }
  })
}

/** @param {Prompt} prompt @param {string} from @param {string} input */
const feeds = (prompt, from, input) => Object.values(prompt).some(({ inputs }) => Array.isArray(inputs[input]) && inputs[input][0] === from)

/** @param {string} text */
const oneLine = text => text.replaceAll(/[\s\p{Cc}\p{Cs}]+/gu, ' ').trim()

/** Letters that a file may be called by on any system. @param {string} title */
export const fileName = title => oneLine(title).replaceAll(/[^\p{L}\p{N}._ -]+/gu, '').trim().replaceAll(' ', '_').slice(0, 60) || 'graph'

/** @param {string} text */
const inDocstring = text => text.replaceAll('\\', '/').replaceAll('"', "'")

/** A text as Python reads it; JSON's strings are Python's, but for halves of pairs, which stand for nothing. @param {string} text */
const py = text => JSON.stringify(text.replaceAll(/\p{Cs}/gu, ''))

/** @param {string[]} items */
const pyList = items => (items.length ? `[${items.join(', ')}]` : '[]')
