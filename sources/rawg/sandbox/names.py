"""The vocabulary: RAWG's genres, platforms and stores; made-up games, studios and people."""

from __future__ import annotations

import re
from typing import NamedTuple

_NOT_SLUG = re.compile(r"[^a-z0-9]+")


def slugify(name: str) -> str:
    """`Vel's Iron Harbor 2` -> `vel-s-iron-harbor-2`."""
    return _NOT_SLUG.sub("-", name.lower()).strip("-")


class Genre(NamedTuple):
    id: int
    name: str
    slug: str
    weight: float


class Platform(NamedTuple):
    id: int
    name: str
    slug: str
    parent: int
    year_start: int | None
    year_end: int | None
    code: str


class Store(NamedTuple):
    id: int
    name: str
    slug: str
    domain: str
    codes: str
    share: int


GENRES = [
    Genre(4, "Action", "action", 18),
    Genre(51, "Indie", "indie", 22),
    Genre(3, "Adventure", "adventure", 13),
    Genre(5, "RPG", "role-playing-games-rpg", 6),
    Genre(10, "Strategy", "strategy", 6),
    Genre(2, "Shooter", "shooter", 5),
    Genre(40, "Casual", "casual", 7),
    Genre(14, "Simulation", "simulation", 6),
    Genre(7, "Puzzle", "puzzle", 8),
    Genre(11, "Arcade", "arcade", 4),
    Genre(83, "Platformer", "platformer", 6),
    Genre(1, "Racing", "racing", 2),
    Genre(59, "Massively Multiplayer", "massively-multiplayer", 0.6),
    Genre(15, "Sports", "sports", 2),
    Genre(6, "Fighting", "fighting", 1.2),
    Genre(19, "Family", "family", 0.9),
    Genre(28, "Board Games", "board-games", 0.8),
    Genre(34, "Educational", "educational", 1.2),
    Genre(17, "Card", "card", 0.8),
]

PARENTS = {
    1: "PC",
    2: "PlayStation",
    3: "Xbox",
    4: "iOS",
    8: "Android",
    5: "Apple Macintosh",
    6: "Linux",
    7: "Nintendo",
    9: "Atari",
    10: "Commodore / Amiga",
    11: "SEGA",
    12: "3DO",
    13: "Neo Geo",
    14: "Web",
}
PARENT_SLUGS = {5: "mac", **{i: slugify(name) for i, name in PARENTS.items() if i != 5}}

PLATFORMS = [
    Platform(4, "PC", "pc", 1, None, None, "pc"),
    Platform(187, "PlayStation 5", "playstation5", 2, 2020, None, "ps5"),
    Platform(1, "Xbox One", "xbox-one", 3, 2013, None, "xone"),
    Platform(18, "PlayStation 4", "playstation4", 2, 2013, None, "ps4"),
    Platform(186, "Xbox Series S/X", "xbox-series-x", 3, 2020, None, "xsx"),
    Platform(7, "Nintendo Switch", "nintendo-switch", 7, 2017, None, "switch"),
    Platform(3, "iOS", "ios", 4, 2008, None, "ios"),
    Platform(21, "Android", "android", 8, 2008, None, "android"),
    Platform(8, "Nintendo 3DS", "nintendo-3ds", 7, 2011, 2020, "3ds"),
    Platform(9, "Nintendo DS", "nintendo-ds", 7, 2004, 2014, "ds"),
    Platform(13, "Nintendo DSi", "nintendo-dsi", 7, 2009, 2014, "dsi"),
    Platform(5, "macOS", "macos", 5, None, None, "macos"),
    Platform(6, "Linux", "linux", 6, None, None, "linux"),
    Platform(14, "Xbox 360", "xbox360", 3, 2005, 2016, "x360"),
    Platform(80, "Xbox", "xbox-old", 3, 2001, 2009, "xbox"),
    Platform(16, "PlayStation 3", "playstation3", 2, 2006, 2017, "ps3"),
    Platform(15, "PlayStation 2", "playstation2", 2, 2000, 2013, "ps2"),
    Platform(27, "PlayStation", "playstation1", 2, 1994, 2006, "ps1"),
    Platform(19, "PS Vita", "ps-vita", 2, 2011, 2019, "vita"),
    Platform(17, "PSP", "psp", 2, 2004, 2014, "psp"),
    Platform(10, "Wii U", "wii-u", 7, 2012, 2017, "wiiu"),
    Platform(11, "Wii", "wii", 7, 2006, 2013, "wii"),
    Platform(105, "GameCube", "gamecube", 7, 2001, 2007, "gc"),
    Platform(83, "Nintendo 64", "nintendo-64", 7, 1996, 2002, "n64"),
    Platform(24, "Game Boy Advance", "game-boy-advance", 7, 2001, 2008, "gba"),
    Platform(43, "Game Boy Color", "game-boy-color", 7, 1998, 2003, "gbc"),
    Platform(26, "Game Boy", "game-boy", 7, 1989, 2003, "gb"),
    Platform(79, "SNES", "snes", 7, 1990, 2003, "snes"),
    Platform(49, "NES", "nes", 7, 1983, 2003, "nes"),
    Platform(55, "Classic Macintosh", "macintosh", 5, 1984, 2001, "mac68"),
    Platform(41, "Apple II", "apple-ii", 5, 1977, 1993, "apple2"),
    Platform(166, "Commodore / Amiga", "commodore-amiga", 10, 1985, 1996, "amiga"),
    Platform(28, "Atari 7800", "atari-7800", 9, 1986, 1992, "a7800"),
    Platform(31, "Atari 5200", "atari-5200", 9, 1982, 1984, "a5200"),
    Platform(23, "Atari 2600", "atari-2600", 9, 1977, 1992, "a2600"),
    Platform(22, "Atari Flashback", "atari-flashback", 9, 2004, None, "flashback"),
    Platform(25, "Atari 8-bit", "atari-8-bit", 9, 1979, 1992, "a8bit"),
    Platform(34, "Atari ST", "atari-st", 9, 1985, 1993, "ast"),
    Platform(46, "Atari Lynx", "atari-lynx", 9, 1989, 1996, "lynx"),
    Platform(50, "Atari XEGS", "atari-xegs", 9, 1987, 1992, "xegs"),
    Platform(167, "Genesis", "genesis", 11, 1988, 1997, "genesis"),
    Platform(107, "SEGA Saturn", "sega-saturn", 11, 1994, 2000, "saturn"),
    Platform(119, "SEGA CD", "sega-cd", 11, 1991, 1996, "segacd"),
    Platform(117, "SEGA 32X", "sega-32x", 11, 1994, 1996, "32x"),
    Platform(74, "SEGA Master System", "sega-master-system", 11, 1985, 1996, "sms"),
    Platform(106, "Dreamcast", "dreamcast", 11, 1998, 2002, "dc"),
    Platform(111, "3DO", "3do", 12, 1993, 1996, "3do"),
    Platform(112, "Jaguar", "jaguar", 9, 1993, 1996, "jaguar"),
    Platform(77, "Game Gear", "game-gear", 11, 1990, 1997, "gg"),
    Platform(12, "Neo Geo", "neogeo", 13, 1990, 2004, "neogeo"),
    Platform(171, "Web", "web", 14, None, None, "web"),
]

# (first year, popular games' platform sets, other games' platform sets); "set*weight"
ERAS = [
    (
        1900,
        "amiga ast*3,pc*4,nes*4,a8bit apple2*2,mac68*1,sms*2,a7800*1,genesis*2,pc amiga ast*3,gb*1",
        "amiga*4,pc*5,apple2*2,a8bit xegs*2,ast*2,nes*3,sms*1,a2600*1,a5200*1,gb*1,lynx*1",
    ),
    (
        1992,
        "snes genesis*4,pc*5,ps1*4,saturn ps1*2,n64*2,gb*2,gg sms*1,neogeo*1,pc mac68*2,3do pc*1,jaguar*1,segacd*1",
        "pc*8,snes*3,genesis*3,ps1*3,saturn*1,neogeo*1,gb*2,gg*1,mac68*1,3do*1,32x genesis*1,segacd*1,jaguar*1",
    ),
    (
        1999,
        "ps2*4,ps2 xbox gc*4,pc*4,pc ps2 xbox*4,gba*2,dc*2,n64*1,gbc*1",
        "pc*8,ps2*4,gba*3,gbc*1,dc*1,xbox*1,gc*1,ps1*2,macos pc*1",
    ),
    (
        2006,
        "pc ps3 x360*8,x360 ps3*3,wii*2,ds*3,psp*2,pc*4,pc x360*2,pc macos linux*2,ps2 psp*1",
        "pc*9,ds*3,wii*2,psp*2,ios*4,web*3,pc macos*2,x360*1,dsi*1,flashback*1",
    ),
    (
        2013,
        "pc ps4 xone*9,pc ps4 xone switch*5,pc macos linux*4,ps4*1,pc*3,wiiu 3ds*1,ios android*2,"
        "ps3 x360 ps4 xone pc*2,"
        "switch*1,vita ps4*1",
        "pc*16,web*6,android ios*4,android*2,ios*3,pc macos linux*5,pc macos*2,linux pc*1,3ds*1,vita*1,switch*1",
    ),
    (
        2020,
        "pc ps5 xsx*6,pc ps5 xsx ps4 xone*6,pc ps5 xsx switch ps4 xone*4,pc switch*4,pc*4,switch*1,ps5*1,ios android*1",
        "pc*18,web*9,pc macos linux*5,pc linux*2,android*2,ios android*2,android web*1,pc switch*1,"
        "macos pc*1,flashback*0.02",
    ),
]

# `codes`: sold for a game that has any of these platforms; `share`: 0-63 of 64 such games are in the store
STORES = [
    Store(1, "Steam", "steam", "store.steampowered.com", "pc macos linux", 46),
    Store(3, "PlayStation Store", "playstation-store", "store.playstation.com", "ps5 ps4 ps3 vita psp", 60),
    Store(2, "Xbox Store", "xbox-store", "microsoft.com", "xone xsx", 60),
    Store(4, "App Store", "apple-appstore", "apps.apple.com", "ios macos", 44),
    Store(5, "GOG", "gog", "gog.com", "pc macos linux amiga", 8),
    Store(6, "Nintendo Store", "nintendo", "nintendo.com", "switch 3ds wiiu", 60),
    Store(7, "Xbox 360 Store", "xbox360", "marketplace.xbox.com", "x360", 56),
    Store(8, "Google Play", "google-play", "play.google.com", "android", 60),
    Store(9, "itch.io", "itch", "itch.io", "pc web linux macos", 18),
    Store(11, "Epic Games", "epic-games", "epicgames.com", "pc", 6),
]

ESRB = [
    (1, "Everyone", "everyone", "Для всех"),
    (2, "Everyone 10+", "everyone-10-plus", "С 10 лет"),
    (3, "Teen", "teen", "С 13 лет"),
    (4, "Mature", "mature", "С 17 лет"),
    (5, "Adults Only", "adults-only", "Только для взрослых"),
]

ROLES = [
    (1, "writer"),
    (2, "programmer"),
    (3, "designer"),
    (4, "producer"),
    (5, "composer"),
    (6, "director"),
    (7, "artist"),
]

RATING_TITLES = {5: "exceptional", 4: "recommended", 3: "meh", 1: "skip"}

_ADJECTIVES = (
    "Amber Ashen Austere Azure Barren Blighted Borrowed Brazen Brittle Burning Candid Cobalt Copper "
    "Crimson Crooked Dauntless Devout Distant Dreaming Drifting Dusky Earnest Ember Errant Fabled Faded "
    "Feral Fickle Forlorn Fragile Frozen Furtive Gilded Glacial Grinning Hallowed Hasty Hollowed Hushed "
    "Idle Imperfect Indigo Ivory Jaded Kindled Lacquered Lanky Lawless Lilac Lonely Lucid Marbled Meager "
    "Mellow Mirrored Mislaid Mossy Muted Nameless Nimble Oblique Opal Orphaned Outer Painted Pallid "
    "Patient Peculiar Pensive Quaint Quartz Ragged Reckless Restless Roaming Rusted Sable Salted Scarlet "
    "Scattered Seventh Shuttered Silken Slanted Sleepless Smoldering Solemn Sparse Spectral Stolen "
    "Stubborn Sullen Sunken Tangled Tarnished Tender Thirsty Tidal Timid Tireless Umber Unbidden Unspoken "
    "Upturned Vagrant Veiled Velvet Verdant Wandering Waning Wary Weathered Wayward Whispered Wicker "
    "Windborne Wistful Woven Yonder Zealous"
).split()
_NOUNS = (
    "Abacus Alcove Almanac Anvil Archive Armada Atlas Attic Aviary Bakery Ballad Bastion Beacon Bellows "
    "Bramble Brigade Burrow Caldera Canopy Caravan Carousel Causeway Cellar Cipher Cistern Citadel "
    "Clockwork Colony Compass Conduit Convoy Coral Courier Cradle Crater Crucible Current Dirigible "
    "Dockyard Druid Dunes Ember Engine Envoy Expanse Falcon Fathom Ferry Fjord Foundry Furrow Galleon "
    "Garden Garrison Geyser Glacier Glyph Gondola Granary Grotto Harbor Hearth Heron Hinterland Hourglass "
    "Inkwell Isthmus Jackdaw Junction Kestrel Kiln Labyrinth Lagoon Lantern Lattice Ledger Legion Lichen "
    "Lighthouse Locomotive Loom Magpie Manor Mantle Marsh Meadow Meridian Mill Mirage Monolith Moor "
    "Mosaic Nebula Nomad Oasis Obelisk Observatory Orchard Outpost Pagoda Parade Parish Pendulum Pilgrim "
    "Plateau Porcelain Prairie Prism Quarry Quill Raven Reactor Reef Regatta Relic Ridge Rover Runway "
    "Sanctum Satchel Scaffold Scribe Sentinel Shoal Signal Silo Skiff Sonata Sparrow Spire Station Steppe "
    "Summit Sundial Swarm Talisman Tapestry Tavern Terrace Thicket Tide Tower Tundra Turbine Vanguard "
    "Vault Verge Vessel Viaduct Village Vineyard Voyage Warden Waterway Weaver Willow Workshop Zenith "
    "Zeppelin"
).split()
_TAILS = (
    "|Chronicles|Tactics|Protocol|Online|Stories|Simulator|Odyssey|Rising|Legends|Arena|Quest|Manager|"
    "Deluxe|Rally|Defense|Escape|Dungeons|Tycoon|Racers|Puzzles|Frontier|Survivors|Academy|Express|"
    "League|Saga|Mayhem|Builder|Remnants|Diaries|Expedition|Detective|Farm|Golf|Heist|Idle|Island|"
    "Mystery|Pinball|Pocket|Rumble|Sandbox|Skies|Solitaire|Squad|Syndrome|Unbound|Unlimited|Waves|World|"
    "Zero|Origins|Returns|Reborn|Duel|Rhythm|VR|Party|Trials"
).split("|")
_STARTS = [
    c + v for c in ("B", "Br", "D", "Dr", "F", "G", "Gr", "K", "Kr", "L", "M", "N", "P", "R", "S", "T") for v in "aeio"
]
_MIDS = [c + v for c in ("b", "d", "g", "l", "m", "n", "r", "v") for v in "aeio"]
_ENDS = [
    c + v for c in ("l", "r", "n", "th", "v", "z", "k", "st") for v in ("a", "en", "eth", "ia", "is", "on", "or", "um")
]
_ADDITIONS = (
    "Season Pass|The Lost Chapter|Soundtrack|Winter Pack|Expansion Pass|Night Shift|Beyond the Ridge|"
    "Founders Pack|Old Debts|Hidden Rooms|Royal Outfits|The Long Road|Harvest Update|Second Wind|"
    "Challenge Maps|Artbook"
).split("|")


def _permuted(number: int, size: int) -> int:
    """A fixed shuffle of 0..size-1; one-to-one as long as the prime does not divide `size`."""
    return (number * 1_000_003 + 77_777) % size


def _proper(number: int) -> str:
    """One of 131,072 invented proper names; one-to-one."""
    k = _permuted(number, len(_STARTS) * len(_MIDS) * len(_ENDS))
    k, end = divmod(k, len(_ENDS))
    start, mid = divmod(k, len(_MIDS))
    return _STARTS[start] + _MIDS[mid] + _ENDS[end]


def _adjective_noun(number: int) -> str:
    return f"{_ADJECTIVES[number % len(_ADJECTIVES)]} {_NOUNS[number // len(_ADJECTIVES)]}"


def title(series: int) -> str:
    """The name of a series' first game; one-to-one for up to four million series."""
    pattern, number = series % 4, series // 4
    pairs = len(_ADJECTIVES) * len(_NOUNS)
    if pattern == 0:
        tail, pair = divmod(number, pairs)
        return f"{_adjective_noun(_permuted(pair, pairs))} {_TAILS[tail]}".rstrip()
    if pattern == 1:
        return f"{_NOUNS[number % len(_NOUNS)]} of {_proper(number // 7 + number % 7 * 18_731)}"
    if pattern == 2:
        tail, pair = divmod(number, 131_072)
        return f"{_proper(pair)}: {_TAILS[1 + (tail + pair) % 59]}"
    tail, pair = divmod(number, pairs)
    return f"The {_adjective_noun(_permuted(pair + 5, pairs))} {_TAILS[tail]}".rstrip()


def addition_title(base: str, position: int) -> str:
    """The name of the `position`-th entry of a series when it is an addition (DLC) to its base game."""
    turn, word = divmod(position, len(_ADDITIONS))
    return f"{base} - {_ADDITIONS[word]}" + (f" {turn + 1}" if turn else "")


_STUDIO_KINDS = ("Studios", "Games", "Interactive", "Works", "Entertainment", "Soft", "Collective", "Labs")


def studio(number: int) -> str:
    """The name of a developer; one-to-one for up to 300,000 developers of each parity."""
    half, odd = divmod(number, 2)
    size = 131_072 if odd else len(_ADJECTIVES) * len(_NOUNS)
    turn, k = divmod(half, size)
    stem = _proper(k) if odd else _adjective_noun(_permuted(k + 9, size))
    return f"{stem} {_STUDIO_KINDS[(k + turn) % 8]}" + (f" {turn // 8 + 1}" if turn > 7 else "")


def publisher(number: int) -> str:
    """The name of a publisher."""
    kind = ("Publishing", "Media", "Digital", "Press", "Group", "Partners")[number % 6]
    return f"{_proper(number * 3 + 1)} {kind}" + _turn(number, 131_072)


def _turn(number: int, size: int) -> str:
    return f" {number // size + 1}" if number >= size else ""


def person(number: int) -> str:
    """The name of a creator."""
    return f"{_proper(number * 11 + 5)[:5].rstrip('aeiou') or 'Al'}a {_proper(number)}"


_TAG_HEADS = (
    "Singleplayer|Steam Achievements|Multiplayer|Full controller support|Atmospheric|Steam Cloud|RPG|"
    "Great Soundtrack|Co-op|Story Rich|Open World|First-Person|Third Person|2D|Funny|Sci-fi|Horror|FPS|"
    "Fantasy|Difficult|Survival|Sandbox|Female Protagonist|Comedy|Exploration|Stealth|Tactical|"
    "Online Co-Op|Action-Adventure|Free to Play|Pixel Graphics|Early Access|Retro|Anime|Crafting|"
    "Turn-Based|Local Multiplayer|Psychological|Cute|Building|Relaxing|Roguelike|Space|Zombies|"
    "Choices Matter|Mystery|Puzzle-Platformer|Hack and Slash|Visual Novel|Management"
).split("|")
_TAG_SUBJECTS = (
    "city animals trains cooking magic dragons robots pirates time war history music physics words cards "
    "dice farming fishing cars planes ships castles ghosts aliens ninjas knights school sports chess "
    "mining weather gardens cats dogs birds maps stealth loot bosses quests companions dialogue economy "
    "trading politics crime detectives spies vampires witches gods myths islands deserts forests oceans "
    "caves mountains winter summer night dreams memory love family robots-war colony survival horror "
    "comedy drama platforming shooting racing flying swimming climbing puzzles mazes towers tanks mechs "
    "cyberpunk steampunk western noir retro voxel isometric minimal hand-drawn surreal abstract narrative "
    "procedural turn-based"
).split()
_TAG_FORMS = (
    "{}",
    "{} themed",
    "procedural {}",
    "co-op {}",
    "{} builder",
    "realistic {}",
    "casual {}",
    "{} management",
    "hardcore {}",
    "{} simulation",
    "narrative {}",
    "{} combat",
    "{} exploration",
    "tactical {}",
    "{} sandbox",
)
_TAG_RUSSIAN = [
    ("Для одного игрока", "dlia-odnogo-igroka"),
    ("Кооператив", "kooperativ"),
    ("Достижения Steam", "dostizheniia-steam"),
    ("Приключение", "prikliuchenie"),
    ("Экшен", "ekshen"),
    ("Инди", "indi"),
    ("Стратегия", "strategiia"),
    ("Ролевая игра", "rolevaia"),
    ("Головоломка", "golovolomka"),
    ("Гонки", "gonki"),
    ("Хоррор", "khorror"),
    ("Космос", "kosmos"),
    ("Магия", "magiia"),
]


def tag(number: int) -> tuple[str, str, str]:
    """(name, slug, language) of a tag: first the common ones, then every ninth is Russian."""
    if number < len(_TAG_HEADS):
        return _TAG_HEADS[number], slugify(_TAG_HEADS[number]), "eng"
    k = number - len(_TAG_HEADS)
    if k % 9 == 0:
        turn, word = divmod(k // 9, len(_TAG_RUSSIAN))
        name, slug = _TAG_RUSSIAN[word]
        return (name, slug, "rus") if not turn else (f"{name} {turn + 1}", f"{slug}-{turn + 1}", "rus")
    form, subject = divmod(k, len(_TAG_SUBJECTS))
    turn, form = divmod(form, len(_TAG_FORMS))
    name = _TAG_FORMS[form].format(_TAG_SUBJECTS[subject]) + (f" {turn + 1}" if turn else "")
    return name, slugify(name) + ("" if turn or form else "-1"), "eng"


REQUIREMENTS_MINIMUM = (
    '<strong>Minimum:</strong><br><ul class="bb_ul"><li>Requires a 64-bit processor and operating system<br></li>'
    "<li><strong>OS *:</strong> 64-bit desktop system with the latest updates; older 64-bit systems start the game, but"
    " neither their drivers nor their store clients are looked after any more<br></li>"
    "<li><strong>Processor:</strong> {cores}-core processor of the last ten years, {clock} GHz; processors without"
    " vector instructions of 256 bits are not supported and stop at the title screen<br></li>"
    "<li><strong>Memory:</strong> {memory} GB RAM<br></li>"
    "<li><strong>Graphics:</strong> Shader model 5 card with {video} GB of video memory, or a built-in one of the last"
    " three generations at a quarter of the resolution and without shadows<br></li>"
    "<li><strong>DirectX:</strong> Version 11<br></li>"
    "<li><strong>Network:</strong> Broadband Internet connection for the first start, for updates and for playing"
    " together; everything else works without one<br></li>"
    "<li><strong>Storage:</strong> {disk} GB available space<br></li>"
    "<li><strong>Sound Card:</strong> Any that the system knows, stereo or more<br></li>"
    "<li><strong>Additional Notes:</strong> A controller is recommended. Downloadable content and later changes to the"
    " game may change what it requires; the numbers above were measured at 30 frames a second with low settings, after"
    " an hour of play and with nothing else running. A solid-state disk shortens loading times a great deal.</li></ul>"
)
REQUIREMENTS_RECOMMENDED = REQUIREMENTS_MINIMUM.replace("Minimum", "Recommended")
