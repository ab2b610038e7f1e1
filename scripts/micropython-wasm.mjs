// Run a script in a WebAssembly build of MicroPython under node, as the unix port's command would.
//
// usage: node micropython-wasm.mjs MICROPYTHON.MJS [-X heapsize=N[K|M]] SCRIPT [arguments]
//
// The interpreter sees a copy of the checkout's src/ and tests/, the script's own folder and those of
// MICROPYPATH, at the paths they have on the host. sys.path, output and exit status are as usual.

import * as fs from "node:fs";
import * as path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const TOP = path.dirname(path.dirname(fs.realpathSync(fileURLToPath(import.meta.url))));
const DEFAULT_HEAP = 16 << 20;
const PYSTACK_WORDS = 32 << 10; // for versions that have a separate Python stack

function fail(text) {
  console.error("micropython-wasm: " + text);
  process.exit(1);
}

function parseArguments([module, ...rest]) {
  let heap = DEFAULT_HEAP;
  while (rest[0] === "-X") {
    const size = /^heapsize=(\d+)([KM]?)$/i.exec(rest[1]);
    if (!size) fail(`-X ${rest[1]}: give heapsize=N[K|M]`);
    heap = Number(size[1]) * { "": 1, K: 1 << 10, M: 1 << 20 }[size[2].toUpperCase()];
    rest = rest.slice(2);
  }
  if (!module || !rest.length) fail("usage: [-X heapsize=N] SCRIPT [arguments]");
  return { module, heap, argv: rest };
}

function copyIn(FS, folder) {
  if (!fs.existsSync(folder)) return;
  FS.mkdirTree(folder);
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory() && entry.name !== "__pycache__") copyIn(FS, file);
    else if (entry.isFile()) FS.writeFile(file, fs.readFileSync(file));
  }
}

// The interpreter writes bytes; a write to fd 1 or 2 keeps their order and never comes too late.
function writer(fd) {
  return (bytes) => fs.writeSync(fd, bytes);
}

// What the unix port does before and after it runs a file.
const RUNNER = `
import json, sys
def run(script, argv, path):
    sys.argv[:] = json.loads(argv)
    sys.path[:] = json.loads(path)
    try:
        with open(script) as file:
            code = compile(file.read(), script, "exec")
        exec(code, {"__name__": "__main__", "__file__": script})
    except SystemExit as leave:
        status = leave.args[0] if leave.args else None
        if status is None or isinstance(status, int):
            return int(status or 0) & 255
        print(status)
        return 1
    except BaseException as error:
        sys.print_exception(error)
        return 1
    return 0
`;

async function main() {
  const { module, heap, argv } = parseArguments(process.argv.slice(2));
  const { loadMicroPython } = await import(pathToFileURL(path.resolve(module)));
  const mp = await loadMicroPython({
    heapsize: heap,
    pystack: PYSTACK_WORDS,
    stdout: writer(1),
    stderr: writer(2),
    linebuffer: false,
  });
  if (!fs.existsSync(argv[0])) fail(`can't open file '${argv[0]}'`);
  const script = fs.realpathSync(argv[0]);
  const searched = (process.env.MICROPYPATH ?? ".frozen").split(":");
  const folders = [path.join(TOP, "src"), path.join(TOP, "tests"), path.dirname(script)];
  folders.push(...searched.filter(path.isAbsolute));
  folders.forEach((folder) => copyIn(mp.FS, folder));
  mp.FS.mkdirTree(process.cwd());
  mp.FS.chdir(process.cwd());
  mp.runPython(RUNNER);
  const sysPath = [path.dirname(script), ...searched];
  const run = mp.globals.get("run");
  process.exitCode = run(script, JSON.stringify(argv), JSON.stringify(sysPath));
}

main().catch((error) => fail(error.message));
