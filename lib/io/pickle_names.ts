// Which names a pickle may hold. None is ever looked up or called: a name stands for an object that is not built. Still
// a file is refused that names what acts on a machine: nobody keeps that beside weights for a good reason.

/** Modules of Python's own library, old and new. Their names are refused but for those below. */
const PYTHON = new Set(
  ("abc aifc antigravity argparse array ast asynchat asyncio asyncore atexit audioop base64 bdb binascii bisect " +
    "builtins bz2 cProfile calendar cgi cgitb chunk cmath cmd code codecs codeop collections colorsys commands " +
    "compileall concurrent configparser contextlib contextvars copy copy_reg copyreg crypt csv ctypes curses " +
    "dataclasses datetime dbm decimal difflib dis distutils doctest email encodings ensurepip enum errno " +
    "faulthandler fcntl filecmp fileinput fnmatch fractions ftplib functools gc genericpath getopt getpass gettext " +
    "glob graphlib grp gzip hashlib heapq hmac html http idlelib imaplib imghdr imp importlib inspect io ipaddress " +
    "itertools json keyword lib2to3 linecache locale logging lzma mailbox mailcap marshal math mimetypes mmap " +
    "modulefinder msilib msvcrt multiprocessing netrc nis nntplib nt ntpath nturl2path numbers opcode operator " +
    "optparse os os2 ossaudiodev pathlib pdb pickle pickletools pip pipes pkgutil platform plistlib popen2 poplib " +
    "posix posixpath pprint profile pstats pty pwd py_compile pyclbr pydoc pydoc_data pyexpat queue quopri random re " +
    "readline reprlib resource rlcompleter runpy sched secrets select selectors shelve shlex shutil signal site " +
    "smtpd smtplib sndhdr socket socketserver spwd sqlite3 sre_compile sre_constants sre_parse ssl stat statistics " +
    "string stringprep struct subprocess sunau symtable sys sysconfig syslog tabnanny tarfile telnetlib tempfile " +
    "termios textwrap this threading time timeit tkinter token tokenize tomllib trace traceback tracemalloc tty " +
    "turtle turtledemo types typing unicodedata unittest urllib urllib2 uu uuid venv warnings wave weakref " +
    "webbrowser winreg winsound wsgiref xdrlib xml xmlrpc zipapp zipfile zipimport zlib zoneinfo").split(" "),
);

/** Modules of Python's library of which every name is plain data. */
const PLAIN_MODULES = new Set([
  ..."argparse collections dataclasses datetime decimal enum fractions ipaddress math numbers".split(" "),
  ..."pathlib random string typing uuid zoneinfo".split(" "),
]);

/** Names of other modules of Python's library that are plain data, or make it. */
const PLAIN_NAMES = new Set([
  ..."bool bytearray bytes complex dict float frozenset int list long object range set slice str tuple type unicode xrange"
    .split(" ").flatMap((name) => [`builtins.${name}`, `__builtin__.${name}`]),
  ...["copyreg", "copy_reg"].flatMap((module) => [`${module}._reconstructor`, `${module}.__newobj__`]),
  ..."_codecs.encode codecs.encode array.array array._array_reconstructor functools.partial logging.getLogger"
    .split(" "),
  ..."io.BytesIO _io.BytesIO re._compile time.struct_time types.SimpleNamespace operator.itemgetter".split(
    " ",
  ),
]);

/** Functions that run what they are given, whatever package offers them. */
const RUNNERS = new Set(
  ("eval exec execfile system popen Popen spawn check_output check_call getoutput run_code _run_code runstring " +
    "__import__ import_module load_module load_library").split(" "),
);

/**
 * Why a file that holds a name is refused; null for names of objects that are merely not built.
 *
 * @param module as the pickle has it
 * @param name within it; dots lead into classes
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert.equal(hostile("argparse", "Namespace"), false);
 * assert.equal(hostile("omegaconf.dictconfig", "DictConfig"), false);
 * assert.equal(hostile("posix", "system"), true);
 * assert.equal(hostile("torch.serialization", "os.system"), true);
 * ```
 */
export function hostile(module: string, name: string): boolean {
  const [top = ""] = module.split(".");
  const path = name.split(".");
  // A name with dots may lead from any module into one that it imports.
  const leads = path.length > 1 && path.some((part) => PYTHON.has(part));
  if (leads || RUNNERS.has(path.at(-1)!)) return true;
  if (PLAIN_NAMES.has(`${module}.${name}`)) return false;
  if (path.some((part) => /^__.*__$/.test(part))) return true;
  if (top.startsWith("_")) return top !== "__main__";
  return PYTHON.has(top) && !PLAIN_MODULES.has(top);
}

/** Whether a call of `getattr` reaches for a part of an object by a plain name, as enumerations and methods do. */
export function plainAttribute(name: unknown): boolean {
  return typeof name === "string" && /^[a-zA-Z]\w*$/.test(name) && !RUNNERS.has(name) && !PYTHON.has(name);
}
