import { memo } from "react";
import ReactMarkdown, { type Components } from "react-markdown";
import remarkGfm from "remark-gfm";
import { webAddress } from "@/format/address";
import { revealed } from "@/format/text";
import { PlainText } from "@/ui/PlainText";
import styles from "./Markdown.module.css";

// What a model wrote is set as Markdown and nothing more: HTML stays text, images
// never load, and only web addresses become links, with the place that they lead to.

interface Node {
  type: string;
  value?: string;
  tagName?: string;
  properties?: Record<string, unknown>;
  children?: Node[];
}

/** Puts each character that hides something into an element of its own, so that it can be named. */
function revealHidden() {
  return (tree: Node) => reveal(tree);
}

function reveal(node: Node): void {
  node.children = node.children?.flatMap((child) => {
    if (child.type !== "text") {
      reveal(child);
      return [child];
    }
    const parts = revealed(child.value ?? "");
    return parts.length === 1 && parts[0] && "text" in parts[0]
      ? [child]
      : parts.map((part) =>
          "text" in part
            ? { type: "text", value: part.text }
            : {
                type: "element",
                tagName: "mark",
                properties: {},
                children: [{ type: "text", value: String.fromCodePoint(Number.parseInt(part.hidden.slice(2), 16)) }],
              },
        );
  });
  if (node.children === undefined) delete node.children;
}

const components: Components = {
  a: ({ href, children }) => {
    if (!href) return <span title="The link was left out: it leads to no web page">{children}</span>;
    const { host } = new URL(href);
    return (
      <a href={href} target="_blank" rel="noopener noreferrer nofollow" title={href}>
        {children}
        <span className={styles.host}> ({host})</span>
      </a>
    );
  },
  img: ({ alt, src }) => (
    <span className={styles.image}>
      [image: <PlainText text={alt ?? ""} /> {typeof src === "string" ? <PlainText text={src} /> : null}]
    </span>
  ),
  mark: ({ children }) => <PlainText text={typeof children === "string" ? children : ""} />,
  input: ({ checked }) => <input type="checkbox" checked={checked ?? false} readOnly disabled aria-label="to do" />,
};

const remarkPlugins = [remarkGfm];
const rehypePlugins = [revealHidden];

function Markdown({ text }: { text: string }) {
  return (
    <div className={styles.markdown}>
      <ReactMarkdown
        remarkPlugins={remarkPlugins}
        rehypePlugins={rehypePlugins}
        components={components}
        urlTransform={(url) => webAddress(url) ?? ""}
      >
        {text}
      </ReactMarkdown>
    </div>
  );
}

/** Text of a model as Markdown; set once, however often the list around it is drawn. */
export default memo(Markdown);
