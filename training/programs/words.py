"""Word pools: domains of programming, and the words that name a thing by its role."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Domain:
    """Words that occur together: things (structs, modules), items (elements), texts (strings) and numbers (scalar fields)."""

    things: tuple[str, ...]
    items: tuple[str, ...]
    texts: tuple[str, ...]
    numbers: tuple[str, ...]


def _domain(line: str) -> Domain:
    things, items, texts, numbers = (tuple(part.split()) for part in line.split("|"))
    return Domain(things=things, items=items, texts=texts, numbers=numbers)


DOMAINS = tuple(
    _domain(line)
    for line in (
        "resolver query zone dns|record answer question|hostname label domain alias|ttl rcode opcode port",
        "packet frame link session|header payload segment fragment|interface peer address tag|seq ack flags mtu",
        "image bitmap canvas picture|pixel row tile palette|title caption format path|width height depth stride",
        "archive bundle tarball package|entry member chunk block|filename comment prefix path|offset crc mode size",
        "cache pool store arena|slot line bucket page|key tag value name|hits misses age refs",
        "queue mailbox channel pipe|message job task event|topic sender body subject|priority depth state count",
        "ring fifo stream tracker|sample byte element word|label source id channel|head tail rate gain",
        "parser lexer scanner reader|token symbol field node|text literal word line|column line depth kind",
        "encoder codec packer writer|digit octet char group|output encoded input alphabet|pad bits shift width",
        "matrix grid board table|cell row column entry|name legend header title|rows cols score weight",
        "logger journal audit trace|entry line record field|message prefix level component|severity pid tick lines",
        "user account profile login|user group role member|username email nickname realm|uid age quota flags",
        "sensor device probe monitor|reading sample channel metric|unit location serial model|min max limit temp",
        "game player level arena|unit item card move|name team nick map|score health lives round",
        "config settings options registry|option section value entry|key value path name|version flags count mode",
        "server client connection socket|request response header cookie|host path method agent|port status timeout retries",
        "file volume disk drive|sector block inode extent|label mount path owner|size mode links blocks",
        "song track playlist album|note beat sample chord|artist title genre lyrics|tempo pitch volume length",
        "student course school class|grade mark lesson student|name subject teacher room|year credits age rank",
        "order invoice cart shop|item product line price|customer address sku note|total quantity tax discount",
        "camera video display screen|frame pixel plane block|codec title overlay mode|fps width height gamma",
        "font glyph text page|glyph line run span|family style word line|size weight kern ascent",
        "shell terminal console command|arg option line word|prompt command line history|argc status columns echo",
        "mail inbox message envelope|header part recipient attachment|subject sender body boundary|size flags uid parts",
        "route map graph network|node edge hop vertex|city street name via|cost distance degree weight",
        "bank ledger wallet payment|transaction transfer entry account|owner memo iban branch|balance amount fee rate",
        "robot motor arm controller|joint axis step waypoint|name mode tool program|speed angle torque limit",
        "radio modem carrier signal|burst symbol sample bit|callsign band station message|freq power noise gain",
        "text editor document buffer|line word char paragraph|title author text clip|cursor lines column marks",
        "keyring vault token secret|key slot share nonce|alias owner hint salt|rounds bits epoch uses",
        "usb bus controller endpoint|descriptor request report endpoint|product vendor serial string|address speed interval kind",
        "task scheduler process thread|task job timer handle|name group owner state|priority nice ticks slice",
    )
)

INDEX = ("i", "i", "idx", "index", "pos", "slot", "n", "k", "id", "at", "which", "num")
LOOP = ("i", "i", "i", "j", "k", "n", "idx", "x")
LENGTH = ("len", "len", "length", "n", "size", "count", "nbytes", "sz", "total", "amount")
SOURCE = ("src", "input", "in", "data", "from", "line", "arg", "str", "s", "text", "raw", "payload", "msg", "body")
TARGET = ("buf", "out", "dst", "dest", "buffer", "tmp", "result", "scratch", "copy", "output", "target", "block")
COUNT = ("count", "used", "num", "total", "filled", "n", "size", "top", "fill", "cur")
OFFSET = ("off", "pos", "offset", "at", "o", "w", "wr", "cursor", "used", "written")
VALUE = ("value", "val", "v", "x", "amount", "entry", "data", "item", "byte", "level")
HANDLE = ("ctx", "self", "p", "st", "obj", "h", "s", "t", "this_one", "inst", "r", "q")

SETTERS = ("set", "store", "put", "update", "write", "assign", "record", "mark", "save")
ADDERS = ("add", "push", "append", "insert", "enqueue", "register", "attach", "emit", "log")
COPIERS = ("copy", "load", "read", "set", "parse", "import", "extract", "get", "decode", "handle", "fetch", "store")
BUILDERS = ("build", "make", "format", "render", "compose", "join", "print", "show", "describe")
FILLERS = ("fill", "init", "clear", "reset", "prepare", "setup", "collect", "scan", "compute")
ENCODERS = ("encode", "escape", "expand", "quote", "convert", "to_hex", "pack", "serialize")

RESERVED = frozenset(
    "int char long short float double void const static struct union enum if else for while do switch case default return sizeof "
    "break continue goto signed unsigned typedef register volatile extern auto inline bool true false read write open close "
    "index log link pipe printf time signal min max div abs main from import in is not and or def class None pass raise with "
    "as del global lambda yield try except finally async await print input type id map len str list dict set file object next y1 y0 j0 j1 exp pow round "
    "send bind connect socket select remove rename free malloc alarm kill wait sleep pause access dup nice".split()
)
