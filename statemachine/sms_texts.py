"""The SMS that are about no status: what was changed after the customer was told, in words.

The SMS of statuses and moves are in the flows; these are the same in every flow. The fields in
braces are those of `sms_wording.SMS_ROOM`.
"""

from collections.abc import Mapping
from typing import Literal

from statemachine.values import Text

EditText = Literal[
    "link", "scheduled", "rescheduled", "unscheduled", "late", "sooner", "crew_changed"
]

EDIT_TEXTS: Mapping[EditText, Text] = {
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
    "unscheduled": Text(
        en="{business}: Hi {first_name}, your pickup has no arrival time at the moment. "
        "We will text you a new one. Details: {link}",
        es="{business}: Hola {first_name}, su recogida no tiene hora por ahora. "
        "Le avisaremos de la nueva. Detalles: {link}",
    ),
    "late": Text(
        en="{business}: Sorry, {first_name}, we are running late. We now expect to arrive{eta}. "
        "Follow along: {link}",
        es="{business}: Disculpe, {first_name}, vamos con retraso. Ahora llegamos{eta}. "
        "Vea el avance: {link}",
    ),
    "sooner": Text(
        en="{business}: Good news, {first_name}: we now expect to arrive{eta}. "
        "Follow along: {link}",
        es="{business}: Buenas noticias, {first_name}: ahora llegamos{eta}. Vea el avance: {link}",
    ),
    "crew_changed": Text(
        en="{business}: Hi {first_name}, your crew has changed. See who is coming: {link}",
        es="{business}: Hola {first_name}, su equipo ha cambiado. Vea quién va: {link}",
    ),
}
