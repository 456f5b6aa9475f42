"""The SMS that are about no status: what was changed after the customer was told, and reminders.

The SMS of statuses and moves are in the flows; these are the same in every flow. The fields in
braces are those of `sms_wording.SMS_ROOM`.
"""

from collections.abc import Mapping
from typing import Literal

from statemachine.values.values import Text

TextKind = Literal[
    "link", "scheduled", "rescheduled", "asked_again", "unscheduled", "on_my_way", "arriving",
    "late", "sooner", "crew_changed", "other_time", "day_before", "hours_before",
]  # fmt: skip
HOW_TO_STOP = Text(
    en="Reply STOP to end texts, HELP for help.",
    es="Responda STOP para terminar, AYUDA para ayuda.",
)
"""At the end of the first text to a number."""
REMINDERS = frozenset[TextKind]({"day_before", "hours_before"})
"""Sent by the clock; the others follow an edit."""

CHANGE_TEXTS: Mapping[TextKind, Text] = {
    "link": Text(
        en="{business}: Hi {first_name}, this is the link to your pickup{window}: {link}",
        es="{business}: Hola {first_name}, este es el enlace a su recogida{window}: {link}",
    ),
    "scheduled": Text(
        en="{business}: Hi {first_name}, we have a time{window}. Track or change it: {link}",
        es="{business}: Hola {first_name}, tenemos hora{window}. Siga o cambie su servicio: {link}",
    ),
    "rescheduled": Text(
        en="{business}: Hi {first_name}, your pickup was moved. It is now set{window}. "
        "Track or change it: {link}",
        es="{business}: Hola {first_name}, cambiamos su recogida. Ahora queda{window}. "
        "Siga o cambie su servicio: {link}",
    ),
    "asked_again": Text(
        en="{business}: Hi {first_name}, we received your new request{window} "
        "and will get back to you. Details: {link}",
        es="{business}: Hola {first_name}, recibimos su nueva solicitud{window} "
        "y le responderemos. Detalles: {link}",
    ),
    "unscheduled": Text(
        en="{business}: Hi {first_name}, your pickup has no arrival time at the moment. "
        "We will text you a new one. Details: {link}",
        es="{business}: Hola {first_name}, su recogida no tiene hora por ahora. "
        "Le avisaremos de la nueva. Detalles: {link}",
    ),
    "late": Text(
        en="{business}: Sorry, {first_name}, we are running late{eta}. Follow along: {link}",
        es="{business}: Disculpe, {first_name}, vamos con retraso{eta}. Vea el avance: {link}",
    ),
    "sooner": Text(
        en="{business}: Good news, {first_name}: we are coming sooner{eta}. Follow along: {link}",
        es="{business}: Buenas noticias, {first_name}: llegamos antes{eta}. Vea el avance: {link}",
    ),
    "crew_changed": Text(
        en="{business}: Hi {first_name}, your crew has changed. See who is coming: {link}",
        es="{business}: Hola {first_name}, su equipo ha cambiado. Vea quién va: {link}",
    ),
    "on_my_way": Text(
        en="{business}: Hi {first_name}, your crew is on the way{eta}. Follow along: {link}",
        es="{business}: Hola {first_name}, su equipo va en camino{eta}. Vea el avance: {link}",
    ),
    "arriving": Text(
        en="{business}: Hi {first_name}, your crew is almost there. Details: {link}",
        es="{business}: Hola {first_name}, su equipo ya casi llega. Detalles: {link}",
    ),
    "other_time": Text(
        en="{business}: Choose another time for your pickup here: {link}",
        es="{business}: Elija otra hora para su recogida: {link}",
    ),
    "day_before": Text(
        en="{business}: Hi {first_name}, a reminder of your pickup{window}. "
        "Reply C to confirm or R for another time. Details: {link}",
        es="{business}: Hola {first_name}, recuerde su recogida{window}. "
        "Responda C para confirmar o R para otra hora: {link}",
    ),
    "hours_before": Text(
        en="{business}: Hi {first_name}, we will see you soon, for your pickup{window}. "
        "Details: {link}",
        es="{business}: Hola {first_name}, pronto estamos con usted, para su recogida{window}. "
        "Detalles: {link}",
    ),
}
