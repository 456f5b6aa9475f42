"""What a customer means by a text: stop, start, help, yes, or something for people to read."""

import re
import unicodedata
from typing import Literal

from statemachine.values import Text

Meaning = Literal["stop", "start", "help", "yes", "other"]

STOP_WORDS = """
    stop stopall unsubscribe cancel end quit remove optout revoke arret td
    alto parar baja cancelar detener
"""
"""Alone in a text. Among them what carriers and AWS take for an opt-out themselves (AWS End User
Messaging SMS, "Opt-out keywords", read 2026-11-21), so CANCEL ends the texts and not the job."""
STOP = frozenset(STOP_WORDS.split())
STOP_INSIDE = re.compile(
    r"\b(?:stop|stopall|unsubscribe|opt ?out|stop all"
    r"|no mas (?:mensajes|textos)|deje?n? de (?:enviar|mandar|escribir)\w*|parar los mensajes)\b"
)
"""Anywhere in a sentence. Rather one text too few than one to somebody who asked for none."""
NOT_MEANT = re.compile(
    r"\b(?:do not|dont|don t|never|cannot|cant|can t|wont|won t) stop\b"
    r"|\bstop (?:by|at|in|over|sign|light)\b|\b(?:bus|truck|next|last|first) stop\b"
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

REPLIES: dict[Meaning, Text] = {
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


def meaning(text: str) -> Meaning:
    words = _words(text)
    alone = "".join(words) if len(words) <= 2 else ""
    sentence = " ".join(words)
    if alone in STOP or STOP_INSIDE.search(NOT_MEANT.sub(" ", sentence)):
        return "stop"
    if alone in START:
        return "start"
    if alone in HELP:
        return "help"
    if YES & set(words) and set(words) <= YES | AROUND_YES:
        return "yes"
    return "other"


def is_keyword(text: str) -> bool:
    """Exactly a keyword, which the carrier's service may have answered by itself."""
    return "".join(_words(text)) in STOP | START | HELP and len(_words(text)) == 1


def _words(text: str) -> list[str]:
    bare = unicodedata.normalize("NFKD", text.casefold())
    return re.findall(r"[a-z0-9]+", "".join(c for c in bare if not unicodedata.combining(c)))
