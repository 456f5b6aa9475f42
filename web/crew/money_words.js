// The texts of the crew page about price and payment.

export const MONEY_WORDS = {
  en: {
    act_payment: "Payment",
    pay: "Paid…",
    paid: "Paid: {amount}, {how}",
    to_collect: "To collect: {amount}",
    no_price: "No price yet",
    amount: "Amount paid",
    amount_missing: "Enter an amount like 240 or 240.50.",
    by_cash: "Cash",
    by_card: "Card",
    by_check: "Check",
    by_transfer: "Bank transfer",
    by_other: "Another way",
    why_money: "This is noted already. What differs needs a reason: tell the office.",
  },
  es: {
    act_payment: "Pago",
    pay: "Pagado…",
    paid: "Pagado: {amount}, {how}",
    to_collect: "Por cobrar: {amount}",
    no_price: "Sin precio todavía",
    amount: "Importe pagado",
    amount_missing: "Escriba un importe como 240 o 240.50.",
    by_cash: "En efectivo",
    by_card: "Con tarjeta",
    by_check: "Con cheque",
    by_transfer: "Por transferencia",
    by_other: "De otra forma",
    why_money: "Esto ya estaba anotado. Cambiarlo requiere un motivo: avise a la oficina.",
  },
};
