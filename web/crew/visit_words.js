// The texts of the crew page about the way to the customer, undo, a start that is probably a mistake, and
// what has changed on the list.

export const VISIT_WORDS = {
  en: {
    // On my way
    on_my_way: "On my way",
    arriving: "Almost there",
    on_my_way_question: "When will you be there?",
    on_my_way_hint: "The customer gets a text with this time and sees it on their page.",
    in_minutes: "In {minutes} min",
    another_time: "Another time",
    eta_time: "Time of arrival",
    eta_missing: "Enter a time later today.",
    told_on_my_way: "The customer is told that you are on your way, expected {time}.",
    told_on_my_way_only: "The customer is told that you are on your way.",
    told_arriving: "The customer is told that you are almost there.",
    // Undo
    undo: "Undo",
    why_undo: "More than a minute has passed, or someone else has moved the job. Ask the office.",
    // Before a start
    start_early: "The arrival window is {date}. Start anyway?",
    start_busy: "{driver} is still on the job of {customer}. Start anyway?",
    start_anyway: "Start anyway",
    do_not_start: "Do not start",
    // Changes of the list
    changes: "Your list has changed",
    change_new: "New: {customer}, {time}",
    change_moved: "Another time: {customer}, now {time}",
    change_on_hold: "On hold: {customer}, was {time}",
    change_cancelled: "Cancelled: {customer}, was {time}",
    change_gone: "No longer on your list: {customer}, was {time}",
  },
  es: {
    on_my_way: "Voy en camino",
    arriving: "Ya casi llego",
    on_my_way_question: "¿Cuándo llega?",
    on_my_way_hint: "El cliente recibe un mensaje con esta hora y la ve en su página.",
    in_minutes: "En {minutes} min",
    another_time: "Otra hora",
    eta_time: "Hora de llegada",
    eta_missing: "Escriba una hora más tarde de hoy.",
    told_on_my_way: "Se avisa al cliente de que va en camino, llegada prevista: {time}.",
    told_on_my_way_only: "Se avisa al cliente de que va en camino.",
    told_arriving: "Se avisa al cliente de que ya casi llega.",
    undo: "Deshacer",
    why_undo: "Pasó más de un minuto, u otra persona cambió el trabajo. Pregunte a la oficina.",
    start_early: "El horario de llegada es {date}. ¿Empezar de todos modos?",
    start_busy: "{driver} sigue en el trabajo de {customer}. ¿Empezar de todos modos?",
    start_anyway: "Empezar de todos modos",
    do_not_start: "No empezar",
    changes: "Su lista ha cambiado",
    change_new: "Nuevo: {customer}, {time}",
    change_moved: "Otra hora: {customer}, ahora {time}",
    change_on_hold: "En espera: {customer}, era {time}",
    change_cancelled: "Cancelado: {customer}, era {time}",
    change_gone: "Ya no está en su lista: {customer}, era {time}",
  },
};
