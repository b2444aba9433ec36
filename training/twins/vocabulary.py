"""Words for the names in variants, and the names that must stay."""

FIXED = frozenset(
    """
    auto break case char const continue default do double else enum extern float for goto if inline int long register restrict return short signed
    sizeof static struct switch typedef union unsigned void volatile while bool true false _Bool NULL EOF main argc argv
    size_t ssize_t ptrdiff_t int8_t int16_t int32_t int64_t uint8_t uint16_t uint32_t uint64_t uintptr_t intptr_t off_t time_t FILE va_list wchar_t
    stdin stdout stderr STDIN_FILENO STDOUT_FILENO errno INT_MAX INT_MIN UINT_MAX SIZE_MAX LONG_MAX CHAR_BIT PATH_MAX BUFSIZ EXIT_FAILURE EXIT_SUCCESS UCHAR_MAX USHRT_MAX
    UINT8_MAX UINT16_MAX UINT32_MAX INT32_MAX EINVAL ENOMEM ERANGE ENOSPC E2BIG EOVERFLOW SEEK_SET SEEK_END SEEK_CUR
    printf fprintf sprintf snprintf vsnprintf vsprintf puts fputs putchar fputc putc scanf fscanf sscanf gets fgets getchar fgetc getc getline ungetc
    fopen fclose fread fwrite fseek ftell rewind fflush feof ferror perror open close read write lseek recv send
    malloc calloc realloc free exit abort atoi atol atof strtol strtoul strtod strtoull qsort bsearch rand srand abs labs getenv system
    memcpy memmove memset memcmp memchr strcpy strncpy strcat strncat strcmp strncmp strlen strnlen strchr strrchr strstr strtok strtok_r strdup strndup
    strspn strcspn strpbrk strcasecmp strncasecmp strerror stpcpy strlcpy strlcat toupper tolower isalpha isdigit isalnum isspace isupper islower isprint
    ispunct isxdigit assert time clock va_start va_end va_arg offsetof defined ifdef ifndef endif define include undef pragma once elif
    strtof mbstowcs wmemcpy wmemset wcscpy wcslen readdir opendir closedir DIR dirent d_name poll pollfd POLLIN events revents O_RDONLY ENAMETOOLONG
    EBUSY ENOENT AF_UNIX AF_INET SOCK_DGRAM socket sockaddr sockaddr_un sockaddr_in sun_path sun_family socklen_t R_OK access ntohl ntohs htonl htons
    FILENAME_MAX isfinite fabs sqrtf recvfrom execvp UINT32_C UINT64_MAX INT64_MAX INT16_MAX INT8_MAX NAME_MAX tm tm_mon tm_year tm_mday tm_hour
    tm_min tm_sec strftime localtime
    d u s c x ld lu zu hhx i f lf n t r b
    """.split()
)  # fmt: skip

ROLES: tuple[tuple[str, ...], ...] = (
    ("count", "num", "total", "used", "filled", "amount"),
    ("len", "length", "size", "bytes"),
    ("buf", "buffer", "data", "bytes", "storage"),
    ("max", "limit", "most"),
    ("cap", "capacity", "room", "space", "limit"),
    ("idx", "index", "pos", "position", "at", "slot", "where"),
    ("src", "source", "from", "in", "input"),
    ("dst", "dest", "out", "output", "to", "target"),
    ("add", "append", "push", "put", "insert", "store", "record"),
    ("set", "assign", "update", "mark", "change"),
    ("init", "reset", "clear", "start", "setup"),
    ("read", "load", "get", "fetch", "take"),
    ("copy", "fill", "make", "build", "write"),
    ("parse", "decode", "handle", "process", "scan"),
    ("value", "val", "amount", "number", "item"),
    ("name", "label", "title", "text", "word"),
    ("entries", "items", "slots", "cells", "elements", "rows", "list"),
    ("end", "stop", "last", "tail"),
    ("offset", "cursor", "pos", "start"),
)
"""Words that tell what a name is for. Only synonyms take their place."""

SIZES = (
    6,
    7,
    8,
    9,
    10,
    12,
    14,
    15,
    16,
    18,
    20,
    24,
    25,
    30,
    32,
    36,
    40,
    48,
    50,
    60,
    64,
    72,
    80,
    96,
    100,
    120,
    128,
    160,
    200,
    240,
    250,
    256,
    300,
    400,
    500,
    512,
)

THINGS = tuple(
    sorted(
        set(
            """
    account actor agent alarm album anchor animal answer apple arrow artist asset badge bag ball band bank barrel basket batch battery bay beacon bed bell
    belt bench bike bill bin bird blade blob block boat body bolt bond book boot border boss bottle bowl box branch brand bread brick bridge brush bucket
    budget bug bundle bus button cable cache cake camera camp canal card cargo carrier cart cash castle cell chain chair channel chart chat chest chip choir
    circle city claim class clause client clip clock cloud club coach coast coat code coin colour column command comment contact cook corner counter couple
    course court crate crew crop cross crowd cup curve customer dance dart deal deck deed desk device dial diary dice disc dish district dock doctor dog door
    draft drawer dress drill drink driver drop drum duty edge edition effect egg engine entry episode error event exam exit factor fan farm feed fence ferry
    field file film filter finger fish flag flat fleet flight floor flow flower fold food fork form fort frame friend fruit fuel fund gain gallery game gate
    gear gift glass goal grade grain grant graph grass grid group guard guest guide gun habit hall hand harbour hat head heap herd hill hint hobby hole home
    hook horn horse host hotel hour house hub hunt image inn insect invoice iron island issue jacket jar jet job joint journal judge juice jump key kind king
    kit knife knob knot lab ladder lake lamp land lane laser layer leaf league leg lemon lens lesson letter level lever library licence lift light line link
    lion lock loop lot lunch machine magnet mail map march market mask mast match meal measure medal member memo menu merge metal meter mile milk mill mine
    mirror mission mixer mode module moon motor mountain mouse movie muscle museum nail needle neighbour nest net night node noise nose note nurse oak oar oil
    olive onion orbit orchard order organ oven owner pack page paint pair palace pan panel paper parcel park part party pass paste patch path patient peak pedal
    peer pen pepper phase phone photo piano picture pie pilot pin pipe pit place plan plane plant plate player plot plug poem point pole pond pool port post
    pot press price prize probe product profile pump pupil puzzle quest queue quote rabbit race rack radar radio rail rain ramp range rank rate ray reader
    recipe record reel region relay rent reply rescue rider rifle ring river road robot rock rod roll roof room root rope rose rotor route rover rule runner
    sail salad sale salt sample sand scene school score scout screen screw sea seal season seat sector seed segment sensor server session shadow shaft shape
    share sheet shelf shell shift ship shirt shoe shop shore show side sign signal silver singer sink site skate skill skin sky sleeve slice slide slope smoke
    snake snow soap sock soil song sound soup span spark speaker spice spider spin sponge spoon sport spot spring square stack staff stage stair stamp stand
    star state station statue steam step stick stock stone store storm story stove strand straw stream street string strip studio sugar suit sum summer sun
    survey swan switch symbol table tank tape target task taste tax team tent term test thread ticket tide tiger tile timer tip title toast token tone tool
    tooth topic torch tour towel tower town toy track trade trail train trap tray tree trend trial tribe trip truck trunk tube tune tunnel turn turtle twin
    unit user valley value valve van vault vein vendor verse vessel video view village violin visit voice vote wagon wall wallet watch water wave weapon
    web week weight whale wheel whistle wind window wing winter wire wolf wood word worker world yard year zebra zone
    """.split()
        )
    )
)
