"""What a customer means by an SMS: stop, start, help, yes, another time, the number of a job, or
something for people to read."""

import re
import unicodedata
from typing import Literal

from statemachine.values import Language, Text

ReplyMeaning = Literal["stop", "start", "help", "yes", "reschedule", "choice", "other"]

STOP_WORDS = """
    stop stopall unsubscribe cancel end quit remove optout revoke arret td
    alto parar baja cancelar detener
"""
"""Opt-outs, if alone in an SMS. They include all that carriers and AWS treat as an opt-out (AWS End
User Messaging SMS, "Opt-out keywords", read 2026-11-21), so CANCEL ends the SMS and not the job."""
STOP = frozenset(STOP_WORDS.split())
WORDS_AROUND_STOP = """
    please pls plz thanks thank you now just me us my all the these those your any more
    text texts texting sms message messages messaging sending
    i want would like to
    por favor gracias ya no mas los las sus mis mensaje mensajes texto textos enviar enviarme
    mandar mandarme escribir escribirme de
"""
AROUND_STOP = frozenset(WORDS_AROUND_STOP.split())
OPT_OUTS = frozenset({"stop", "stopall", "unsubscribe", "optout", "parar"})
"""Opt-outs even among other words, as in "please stop texting me". A sentence with any other word
is for people to read: "please stop before the gate" is no opt-out."""
ASKED_TO_STOP = frozenset({"no mas mensajes", "no mas textos"})
STOP_SENDING_ES = re.compile(
    r"(?:por favor )?dejen? de (?:enviar|mandar|escribir)(?:me|nos)?"
    r"(?: (?:(?:los|sus|mas) )?mensajes)?"
)
START = frozenset({"start", "unstop", "subscribe", "resume", "iniciar", "reanudar", "empezar"})
HELP = frozenset({"help", "info", "ayuda"})
YES = frozenset(
    {
        "yes",
        "y",
        "c",
        "yep",
        "yeah",
        "ready",
        "ok",
        "okay",
        "confirm",
        "confirmed",
        "si",
        "listo",
        "lista",
        "confirmo",
        "confirmar",
        "confirmado",
    }
)
WORDS_AROUND_YES = """
    please thanks thank you it its s is am i m we re are all im set for pickup
    gracias por favor esta estamos estoy ya todo el la para recoger
"""
AROUND_YES = frozenset(WORDS_AROUND_YES.split())

RESCHEDULE = frozenset({"r", "reschedule", "reprogramar", "reagendar", "cambiar"})
"""Another time, if alone in an SMS."""
MOST_CHOICES = 8

INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
"""Unicode's categories of control, format (including direction), and unassigned characters."""
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
    words = _words(text)
    alone = "".join(words) if len(words) <= 2 else ""
    if alone in STOP or _asks_to_stop(words):
        return "stop"
    if alone in START:
        return "start"
    if alone in HELP:
        return "help"
    if alone in RESCHEDULE:
        return "reschedule"
    if YES & set(words) and set(words) <= YES | AROUND_YES:
        return "yes"
    return "choice" if chosen_number(text) else "other"


def chosen_number(text: str) -> int | None:
    """The number in `2`, `yes 2`, or `R 2`; None if there is none, or if there are other words."""
    words = _words(text)
    numbers = [word for word in words if word.isdecimal()]
    if len(numbers) != 1 or not {*words} - {*numbers} <= YES | RESCHEDULE | AROUND_YES:
        return None
    return int(numbers[0]) if 1 <= int(numbers[0]) <= MOST_CHOICES else None


def _asks_to_stop(words: list[str]) -> bool:
    """Whether it has an opt-out word and otherwise only words that may stand around one."""
    sentence = " ".join(words).replace("opt out", "optout").replace("opt me out", "optout")
    named = set(sentence.split())
    return (
        bool(OPT_OUTS & named and named <= OPT_OUTS | AROUND_STOP)
        or sentence in ASKED_TO_STOP
        or STOP_SENDING_ES.fullmatch(sentence) is not None
    )


def readable(text: str) -> str:
    """The visible part of an SMS, for a page or a terminal, no longer than a note."""
    kept = (c for c in text if c == "\n" or unicodedata.category(c) not in INVISIBLE)
    return "".join(kept).strip()[:MAX_LENGTH]


def is_keyword(text: str) -> bool:
    """Whether it is exactly a keyword, which the carrier may have answered itself."""
    return "".join(_words(text)) in STOP | START | HELP and len(_words(text)) == 1


def _words(text: str) -> list[str]:
    bare = unicodedata.normalize("NFKD", text.casefold())
    return re.findall(r"[a-z0-9]+", "".join(c for c in bare if not unicodedata.combining(c)))
