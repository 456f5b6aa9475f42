"""What a customer means by a text: stop, start, help, yes, or something for people to read."""

import re
import unicodedata
from typing import Literal

from statemachine.values import Text

ReplyMeaning = Literal["stop", "start", "help", "yes", "other"]

STOP_WORDS = """
    stop stopall unsubscribe cancel end quit remove optout revoke arret td
    alto parar baja cancelar detener
"""
"""Alone in a text. Among them what carriers and AWS take for an opt-out themselves (AWS End User
Messaging SMS, "Opt-out keywords", read 2026-11-21), so CANCEL ends the texts and not the job."""
STOP = frozenset(STOP_WORDS.split())
STOP_COMPANY = """
    please pls plz thanks thank you now just me us my all the these those your any more
    text texts texting sms message messages messaging sending
    i want would like to
    por favor gracias ya no mas los las sus mis mensaje mensajes texto textos enviar enviarme
    mandar mandarme escribir escribirme de
"""
AROUND_STOP = frozenset(STOP_COMPANY.split())
OPT_OUTS = frozenset({"stop", "stopall", "unsubscribe", "optout", "parar"})
"""Those that remain one in company, as in "please stop texting me". A sentence that says anything
else is for people to read: "please stop before the gate" opts out of nothing."""
ASKED_TO_STOP = frozenset({"no mas mensajes", "no mas textos"})
DEJE = re.compile(
    r"(?:por favor )?dejen? de (?:enviar|mandar|escribir)(?:me|nos)?"
    r"(?: (?:(?:los|sus|mas) )?mensajes)?"
)
START = frozenset({"start", "unstop", "subscribe", "resume", "iniciar", "reanudar", "empezar"})
HELP = frozenset({"help", "info", "ayuda"})
YES = frozenset(
    {"yes", "y", "yep", "yeah", "ready", "ok", "okay", "confirm", "si", "listo", "lista"}
)
YES_COMPANY = """
    please thanks thank you it its s is am i m we re are all im set for pickup
    gracias por favor esta estamos estoy ya todo el la para recoger
"""
AROUND_YES = frozenset(YES_COMPANY.split())

UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
"""Unicode's categories of control, format (also of direction) and unassigned characters."""
LONGEST = 1600
"""As long as a text can be that AWS brings (two-way SMS, 2026-11-21); the rest is cut off."""

FROM_CUSTOMER = Text(en="Text from the customer", es="Mensaje del cliente")
A_PICTURE = Text(en="a picture", es="una foto")

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


def meaning_of_reply(text: str) -> ReplyMeaning:
    words = _words(text)
    alone = "".join(words) if len(words) <= 2 else ""
    if alone in STOP or _asks_to_stop(words):
        return "stop"
    if alone in START:
        return "start"
    if alone in HELP:
        return "help"
    if YES & set(words) and set(words) <= YES | AROUND_YES:
        return "yes"
    return "other"


def _asks_to_stop(words: list[str]) -> bool:
    """Nothing but a keyword, kind words, and what shall stop; the other side of a YES."""
    sentence = " ".join(words).replace("opt out", "optout").replace("opt me out", "optout")
    named = set(sentence.split())
    return (
        bool(OPT_OUTS & named and named <= OPT_OUTS | AROUND_STOP)
        or sentence in ASKED_TO_STOP
        or DEJE.fullmatch(sentence) is not None
    )


def readable(text: str) -> str:
    """What people can read of a text, on a page or in a terminal; no longer than a note holds."""
    kept = (c for c in text if c == "\n" or unicodedata.category(c) not in UNSEEN)
    return "".join(kept).strip()[:LONGEST]


def is_keyword(text: str) -> bool:
    """Exactly a keyword, which the carrier's service may have answered by itself."""
    return "".join(_words(text)) in STOP | START | HELP and len(_words(text)) == 1


def _words(text: str) -> list[str]:
    bare = unicodedata.normalize("NFKD", text.casefold())
    return re.findall(r"[a-z0-9]+", "".join(c for c in bare if not unicodedata.combining(c)))
