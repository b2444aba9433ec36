"""The words a verdict is read from, as patterns. Apostrophes are straight; case does not count."""

import re


def _words(most: int) -> str:
    """Up to so many words between two others, within one clause."""
    between = r"[\s,\"'(/-]+"
    return rf"(?:{between}[\w'./-]+){{0,{most}}}?{between}"


_WEAKNESS = (
    r"(?:vulnerab\w*|weakness\w*|injections?|travers\w*|overflow\w*|underflows?|use[- ]after[- ]free\w*|out[- ]of[- ]bounds?\w*"
    r"|null[- ](?:pointer )?de-?referenc\w*|cross[- ]site\w*|xss|security (?:issue|flaw|risk|problem|bug|concern|hole|threat)s?"
    r"|exploit\w*|cwe-\d+|instances?|issues?|flaws?)"
)
_NOT = r"(?:\bnot\b|n't\b|\bnever\b|\bcannot\b|\bno longer\b)"
_EXPOSED = r"(?:vulnerable|susceptible|prone|exploitable|insecure|unsafe|at risk)"
_SOUND = r"(?:safe|secure|free|protected|immune|invulnerable)"
_HAVE = (
    r"(?:contain|have|has|exhibit|show|suffer|present|introduce|include|demonstrate|expose|see|find|identify|found|identified|appear"
    r"|lead|result|cause|pose|allow|permit)"
)
_SOME = r"(?:an?|the|one|several|some|multiple|many|potential|possible|at least|instances?)"


def _either(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


NOT_SOUND = _either(
    _NOT + r"(?:[\s]+[\w']+){0,3}?\s+(?:safe|secure|immune|invulnerable|free|protected) (?:from|of|against|to)\b",
    r"\b(?:is|are)(?: not|n't)(?: \w+ly| an?| the)* (?:safe|secure)\b",
)
STATES_SECURE = _either(
    # no comma between: "does not use placeholders, leaving it vulnerable" denies nothing
    _NOT + r"(?:\s+[\w'-]+){0,5}?\s+" + _EXPOSED,
    _NOT + r"(?:\s+[\w'-]+){0,3}?\s+" + _HAVE + _words(8) + _WEAKNESS,
    _NOT + r" (?:an?|any|the|possible)" + _words(8) + _WEAKNESS,
    # a doubt, and what is doubted
    rf"(?:{_NOT} (?:believe|think|expect|suspect)|\bunlikely|\bdoubt)(?: that)?(?:\s+[\w'-]+){{0,6}}?\s+(?:be|is|are|{_HAVE}s?)"
    rf"(?:\s+[\w'-]+){{0,6}}?\s+(?:{_WEAKNESS}|{_EXPOSED}\b)",
    _WEAKNESS + r"(?:[\s]+[\w'-]+){0,3}?\s+(?:is|are|does|do|was|were)(?: not|n't) (?:\w+ )?"
    r"(?:present|exist|apply|applicable|possible|found|occur|an issue|a concern)",
    _WEAKNESS + r" (?:is|are) (?:absent|prevented|avoided|mitigated)\b",
    r"\b(?:there (?:is|are|were)|contain\w*|has|have|with|find|found|see|identified|poses?|presents?|shows?) no" + _words(8) + _WEAKNESS,
    r"\bno" + _words(5) + _WEAKNESS,
    r"\b(?:is|are|be|considered|appears?|seems?|looks?|deemed)(?: to be)?(?: \w+ly| already)? " + _SOUND + r"\b",
    _SOUND + r" (?:from|of|against|to)\b",
    r"\binvulnerable\b",
)
HINTS_SECURE = _either(
    r"\b(?:prevents?|avoids?|mitigates?|eliminates?|preventing|avoiding|protects? against|mitigating)" + _words(6) + _WEAKNESS,
    r"\bwithout" + _words(4) + _WEAKNESS,
    r"\b(?:thus|so|therefore|hence)\b[^.]*\bprevent",
    r"\bcode (?:is|looks|seems|appears)(?: to be)? correct\b",
)
STATES_VULNERABLE = _either(
    rf"\b{_EXPOSED} to\b",
    r"\b(?:is|are|be|considered|appears?|seems?|looks?|remains?|makes? \w+ ?\w*|making \w+ ?\w*)(?: to be)?(?: \w+ly| still| indeed)? "
    + _EXPOSED
    + r"\b",
    r"\b(?:contains?|has|have|exhibits?|suffers?|presents?|introduces?|includes?|demonstrates?|exposes?|poses?|creates?)"
    r"(?: from)?(?: \w+ly)? " + _SOME + r"\b" + _words(7) + _WEAKNESS,
    r"\bthere (?:is|are|may be|might be|could be|exists?)(?: \w+)? " + _SOME + r"\b" + _words(7) + _WEAKNESS,
    r"\bvulnerability (?:is|lies|arises|exists|occurs|here|in the|stems|because|due)\b",
    _WEAKNESS + r" (?:is|are) (?:still |indeed |clearly )?(?:present|possible)\b",
    r"\b(?:contains?|has|have|suffers? from)(?: [\w'-]+){0,4}? vulnerab\w+",
)
HINTS_VULNERABLE = _either(
    rf"\b{_EXPOSED}\b",
    r"\b(?:is|are)(?: \w+ly)? " + _SOME + r"\b" + _words(7) + _WEAKNESS,
    r"\b(?:leads?|leading|results?|resulting|causes?|causing|allow(?:s|ing)?|open(?:s|ing)?|potential|possible|risk|potentially)"
    + _words(7)
    + _WEAKNESS,
    r"\b(?:attackers?|malicious users?) (?:can|could|may|might)\b",
    r"\bexploited\b",
    r"\b(?:writ\w+|access\w*|reads?|reading)(?: [\w'-]+){0,5}? (?:past|beyond|outside(?: of)?|out of)(?: the| its| any| allocated)*"
    r" (?:end|bounds?|buffer|array|memory|allocated)\b",
)
ADVICE = _either(
    r"\b(?:to (?:prevent|avoid|fix|mitigate|address|make|improve|remedy|resolve|eliminate|correct))\b",
    r"\b(?:should|recommend\w*|instead|always|remember)\b",
    r"\b(?:modified|updated|corrected|fixed|revised|improved|safer|better) (?:version|code|implementation|function)|\bexample of how\b",
    r"\b(?:it is (?:important|best|good)|(?:can|could) be (?:fixed|improved)|by (?:using|adding))\b",
    r"\bby (?:\w+ly )?(?:addressing|implementing|making|applying|following|fixing|ensuring|validating|checking|incorporating)\b",
    r"\b(?:is|are) now (?:more )?(?:safe|secure|free|protected|robust)\b|\bwill be (?:more )?(?:safe|secure|robust)\b",
    r"\bwith (?:this|these) (?:change|modification|fix|update)s?\b",
    r"\bin this (?:modified|updated|version|corrected|example)\b",
    r"^\W*(?:mitigations?|fix(?:ed|es)?|recommendations?):?$",
)
CONCLUDING = _either(
    r"\b(?:conclusion|overall|therefore|thus|hence|summary|in short|final answer|consequently|decision|based on)\b", r"^so,? "
)

BUT = _either(r"\b(?:but|however|although)\b")
OPEN = _either(r"\b(?:whether|let's|let us|let me|check if)\b")
"""A sentence that asks or announces, and claims nothing yet."""
EXPLAINS = _either(r"\b(?:is a (?:type|kind) of|occurs? when)\b", r"\bknown as an? .* occurs\b")
"""A sentence that says what a weakness is; it claims one only where it starts from the code itself."""
ABOUT_THE_CODE = _either(
    r"^\W*(?:yes\W+)?(?:the|this)(?: \w+){0,2} (?:code|function|program|snippet)(?: \w+){0,3} (?:contains|has|is|suffers)\b",
    r"\bin (?:the|this)(?: \w+){0,2} (?:code|function|program|snippet)\W+there (?:is|are)\b",
)
DECLINES = _either(
    r"\bplease (?:provide|share|try)\b",
    r"\b(?:can|could) you (?:please )?(?:provide|share|explain|modify|clarify)\b",
    r"\b(?:unable|not able|impossible|not possible) to (?:run|understand|determine|analy[sz]e|tell|assess|say)\b",
    r"\b(?:cannot|can't|could not|couldn't) (?:be )?(?:determined?|tell|assess(?:ed)?|conclude)\b",
    r"\b(?:seems|appears) to be incomplete\b|\bnot enough (?:context|information)\b",
)
"""Words of a response that asks for more, or says that it cannot tell."""

_LABEL = r"(?:(?:the |my |short |final )*(?:answer|verdict|conclusion|decision)(?: is)?\W{1,4}(?:is\W{1,3})?)"
OPENING = re.compile(rf"\W*{_LABEL}?(yes|no)\b(?![- ](?:matter|doubt|longer)|\s*(?:and|or|/)\s*(?:yes|no)\b)", re.IGNORECASE)
LATE_ANSWER = re.compile(rf"(?:^\W*(yes|no)[,.:!]|^.{{0,60}}?\b{_LABEL}(yes|no)\b|^\W*(yes|no)\W*$)", re.IGNORECASE)
"""An answer behind the start."""
SUBJECT = _either(r"\b(?:code|function|program|script|snippet|method|implementation)s?\b")
OF_ALL_THE_CODE = _either(
    r"^\W*(?:\w+,? ){0,3}?(?:the|this|your)(?: (?:given|provided|current|above|specific|entire|whole))*"
    r" (?:code|program|implementation|script|snippet|example)"
    r"(?: (?:as|itself|above|you|provided|written|appears?|seems?|currently)\b)*",
)
"""A sentence about the code as it is, not about a part of it."""
