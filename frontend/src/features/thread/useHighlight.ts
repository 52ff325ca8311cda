import { useEffect, type RefObject } from "react";

const name = "found"; // ::highlight(found) in Conversation.module.css
const most = 500; // marks at once

/**
 * Marks a text wherever it stands in an element, without touching the element's
 * children: what is set as Markdown or a diff stays as it is. Browsers that can't
 * do this mark nothing.
 */
export function useHighlight(where: RefObject<HTMLElement | null>, text: string, drawn: unknown): void {
  useEffect(() => {
    if (!("highlights" in CSS)) return;
    const wanted = text.trim().toLowerCase();
    if (!wanted || !where.current) return;
    const ranges: Range[] = [];
    const walker = document.createTreeWalker(where.current, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node && ranges.length < most; node = walker.nextNode()) {
      const content = (node.textContent ?? "").toLowerCase();
      for (let at = content.indexOf(wanted); at >= 0 && ranges.length < most; at = content.indexOf(wanted, at + 1)) {
        const range = new Range();
        range.setStart(node, at);
        range.setEnd(node, at + wanted.length);
        ranges.push(range);
      }
    }
    CSS.highlights.set(name, new Highlight(...ranges));
    return () => void CSS.highlights.delete(name);
  }, [where, text, drawn]);
}
