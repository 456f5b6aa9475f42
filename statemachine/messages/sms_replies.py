"""What a customer means by an SMS: stop, start, help, yes, another time, the number of a job, or
something for people to read."""

import re
import unicodedata
from itertools import pairwise
from typing import Literal

from statemachine.values.readable_text import without_hidden
from statemachine.values.values import Language, Text

ReplyMeaning = Literal["stop", "start", "help", "yes", "reschedule", "choice", "other"]

STOP_WORDS = """
    stop stopall unsubscribe cancel end quit remove optout revoke arret td
    alto parar pare baja cancelar detener basta
"""
"""Opt-outs, if alone in an SMS. They include all that carriers and AWS treat as an opt-out (AWS End
User Messaging SMS, "Opt-out keywords", read 2026-11-21), so CANCEL ends the SMS and not the job."""
STOP = frozenset(STOP_WORDS.split())
WORDS_AROUND_STOP = """
    please pls plz thanks thank you now just me us my all the these those your any more it
    text texts texting sms message messages messaging sending
    i want would like to
    por favor gracias ya no mas los las sus mis mensaje mensajes texto textos enviar enviarme
    mandar mandarme escribir escribirme de
"""
AROUND_STOP = frozenset(WORDS_AROUND_STOP.split())
OPT_OUTS = frozenset({"stop", "stopall", "unsubscribe", "optout", "quit", "parar"})
"""Opt-outs even among other words, as in "please stop texting me". A sentence with any other word
is for people to read: "please stop before the gate" is no opt-out."""
NO_MORE_TEXTS = re.compile(
    r"(?:please |i want |quiero |por favor |ya )*(?:"
    r"(?:end|cancel) (?:(?:all|my|the|these|your) )*(?:texts?|sms|messages?)"
    r"|(?:do not|dont) (?:text|message) (?:me|us)"
    r"|no more (?:texts|messages)|no quiero (?:mas )?(?:mensajes|textos)"
    r"|no mas (?:mensajes|textos)|remove (?:me|my number|this number)"
    r"(?: from (?:the|this|your) list)?"
    r"|(?:dar(?:me|se)?|den?me) de baja"
    r"|dejen? de (?:enviar|mandar|escribir)(?:me|nos)?"
    r"(?: (?:(?:los|sus|mas) )?(?:mensajes|textos))?"
    r")(?: (?:again|anymore|any more|now|please|thanks|thank you|por favor|gracias))*"
)
"""Sentences that ask for the end of texts without one of the OPT_OUTS."""
START_WORDS = "start unstop subscribe resume iniciar reanudar empezar comenzar"
START = frozenset(START_WORDS.split())
HELP = frozenset({"help", "info", "ayuda", "ayudame"})
POLITE_WORDS = "please pls plz thanks thank you me por favor gracias"
POLITE = frozenset(POLITE_WORDS.split())
"""They change no word's meaning."""
YES_WORDS = """
    yes y c yep yup yeah yea yessir ready ok okay okey k sure confirm confirmed perfect
    si sip listo lista confirmo confirmamos confirmar confirmado claro vale acuerdo perfecto
"""
YES = frozenset(YES_WORDS.split())
WORDS_AROUND_YES = """
    please thanks thank you it its s is am i m we re are all im set for pickup to that sir maam
    ill well will be there
    gracias por favor esta estamos estoy ya todo el la para recoger de senor senora
    ahi alli estare estaremos
"""
AROUND_YES = frozenset(WORDS_AROUND_YES.split())

RESCHEDULE_WORDS = "r reschedule change reprogramar reagendar cambiar"
RESCHEDULE = frozenset(RESCHEDULE_WORDS.split())
WORDS_AROUND_RESCHEDULE = """
    please pls thanks thank you can could i we id need want would like to the my our it for a
    pickup appointment booking time another day new different
    por favor gracias puedo podemos quiero queremos necesito necesitamos la el mi cita recogida
    servicio hora dia otra otro para de fecha
"""
AROUND_RESCHEDULE = frozenset(WORDS_AROUND_RESCHEDULE.split())
OTHER_TIMES = frozenset(
    {
        "another time", "another day", "new time", "different time",
        "otra hora", "otro dia", "otra fecha",
    }
)  # fmt: skip
"""Another time, like RESCHEDULE, if alone in an SMS or among words that ask for it politely."""
NUMBER_WORDS = {
    **dict.fromkeys(("one", "uno", "1st", "first", "primero", "primera"), "1"),
    **dict.fromkeys(("two", "dos", "2nd", "second", "segundo", "segunda"), "2"),
    **dict.fromkeys(("three", "tres", "3rd", "third", "tercero", "tercera"), "3"),
}
AROUND_NUMBER = frozenset({"option", "number", "numero", "opcion", "the", "el", "la", "job"})
EMOJI_WORDS = {"yes": "👍👌✅✔☑🆗", "no": "👎❌✖🚫🛑"}
"""A thumb up answers like a word; one down makes of "ok" something for people to read."""
AS_WORDS = {ord(emoji): f" {word} " for word, emojis in EMOJI_WORDS.items() for emoji in emojis}
SERVICE_KEYWORDS = "arret cancel end optout quit remove stop td unsubscribe help"
"""What AWS answers itself ("Default keywords", read 2026-11-28)."""
MOST_CHOICES = 8

MAX_LENGTH = 1600
"""The longest SMS that AWS delivers (two-way SMS, 2026-11-21); the rest is cut off."""

FROM_CUSTOMER = Text(en="Text from the customer", es="Mensaje del cliente")
A_PICTURE = Text(en="a picture", es="una foto")

WHICH_JOB = Text(en="{business}: Which pickup? Reply", es="{business}: ¿Cuál recogida? Responda")
"""Followed by ` 1 for Mon, Nov 23, 9:00-11:00 AM; 2 for …`."""

REPLIES: dict[ReplyMeaning, Text] = {
    "stop": Text(
        en="{business}: You will get no more texts from us. Reply START to get them again.",
        es="{business}: Ya no recibe mensajes nuestros. Responda START para recibirlos de nuevo.",
    ),
    "start": Text(
        en="{business}: You get texts about your jobs again. Reply STOP to end them.",
        es="{business}: Vuelve a recibir mensajes. Responda STOP para no recibirlos.",
    ),
    "help": Text(
        en="{business}: We text you about your pickup. Reply STOP to end texts. Or just call us.",
        es="{business}: Le escribimos sobre su recogida. Responda STOP para terminar, o llame.",
    ),
}


HELP_BY_PHONE = Text(
    en="{business}: We text you about your pickup. Call us at {phone}. Reply STOP to end texts.",
    es="{business}: Escribimos sobre su recogida. Llame al {phone}. Responda STOP para terminar.",
)


def reply_to(meant: ReplyMeaning, language: Language, phone: str | None) -> str:
    """The template of our reply; `phone` is the one of the business, for those who ask for help."""
    if meant == "help" and phone:
        return HELP_BY_PHONE.get(language).replace("{phone}", phone)
    return REPLIES[meant].get(language)


def meaning_of_reply(text: str) -> ReplyMeaning:
    words, asks = _words(text), "?" in text
    alone = _alone(words)
    if _asks_to_stop(words) or (alone in STOP and not (asks and alone not in OPT_OUTS)):
        return "stop"  # `cancel?` asks something
    if alone in START or _is_only(words, START, POLITE):
        return "start"
    if alone in HELP or _is_only(words, HELP, POLITE):
        return "help"
    if alone in RESCHEDULE or _wants_another_time(words):
        return "reschedule"
    if not asks and _is_only(_words(text.translate(AS_WORDS)), YES, AROUND_YES):
        return "yes"  # `ready?` asks something
    return "choice" if chosen_number(text) else "other"


def chosen_number(text: str) -> int | None:
    """The number in `2`, `yes 2`, `R2`, or `the second one`; None if there is none, or if there are
    other words."""
    said = _words(text.translate(AS_WORDS))
    words = [NUMBER_WORDS.get(word, word) for word in said]
    if words[-1:] == ["1"] and sum(word.isdecimal() for word in words) == 2:
        words.pop()  # `the second one`
    numbers = [word for word in words if word.isdecimal()]
    around = YES | RESCHEDULE | AROUND_YES | AROUND_NUMBER
    if len(numbers) != 1 or not {*words} - {*numbers} <= around:
        return None
    return int(numbers[0]) if 1 <= int(numbers[0]) <= MOST_CHOICES else None


def _alone(words: list[str]) -> str:
    """The one word of the SMS, also as `st op` or `S T O P`; empty if there are more."""
    letters = all(len(word) == 1 for word in words)
    return "".join(words) if len(words) <= 2 or letters else ""


def _is_only(words: list[str], meant: frozenset[str], around: frozenset[str]) -> bool:
    """Whether it has one of those words, and otherwise only words that may stand around them."""
    return bool(meant & {*words}) and {*words} <= meant | around


def _wants_another_time(words: list[str]) -> bool:
    named = any(" ".join(pair) in OTHER_TIMES for pair in pairwise(words))
    return {*words} <= RESCHEDULE | AROUND_RESCHEDULE and (named or bool(RESCHEDULE & {*words}))


def _asks_to_stop(words: list[str]) -> bool:
    """Whether it has an opt-out word and otherwise only words that may stand around one."""
    sentence = " ".join(words).replace("opt out", "optout").replace("opt me out", "optout")
    return (
        _is_only(sentence.split(), OPT_OUTS, AROUND_STOP)
        or NO_MORE_TEXTS.fullmatch(sentence) is not None
    )


def readable(text: str) -> str:
    """The visible part of an SMS, for a page or a terminal, no longer than a note."""
    return without_hidden(text)[:MAX_LENGTH]


def is_keyword(text: str) -> bool:
    """Whether it is exactly a keyword, which the carrier may have answered itself."""
    words = _words(text)
    return len(words) == 1 and words[0] in SERVICE_KEYWORDS.split()


def _words(text: str) -> list[str]:
    """Without accents and apostrophes; `R2` is two words, `2nd` is one."""
    bare = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(c for c in bare if not unicodedata.combining(c))
    joined = re.sub(r"(?<=[a-z])['’‘`´](?=[a-z])", "", plain)
    return re.findall(r"[1-3](?:st|nd|rd)\b|[a-z]+|[0-9]+", joined)
