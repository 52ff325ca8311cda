/** The id of the control of a field, so that complaints can lead to it: "agent.maxTurns". */
export function fieldId(field: string): string {
  return `field-${field}`;
}

/** The field of the form that shows what is wrong with a place in the request: "verify[2]" is in "verify". */
export function formField(field: string): string {
  if (field === "agent") return "agent.model";
  return field.replace(/\[.*$/, "");
}
