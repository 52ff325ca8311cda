/**
 * Puts the focus on the page's content: where it belongs when a field is left with
 * Escape. Left to itself the browser puts it on nothing, and the next Tab starts
 * at the top of the page.
 */
export function focusContent(): void {
  document.getElementById("main")?.focus({ preventScroll: true });
}
