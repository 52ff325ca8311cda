import { memo, useMemo } from "react";
import { PlainText } from "@/ui/PlainText";
import { blocksOf, type Block, type ListItem } from "./blocks";
import type { Inline } from "./inlines";
import styles from "./Markdown.module.css";

/**
 * What a model wrote, set as Markdown and nothing more: HTML stays text, images
 * never load, only web addresses become links, with the place that they lead to,
 * and what hides something is named. Read once, however often the list is drawn.
 */
export const Markdown = memo(function Markdown({ text }: { text: string }) {
  const blocks = useMemo(() => blocksOf(text), [text]);
  return (
    <div className={styles.markdown}>
      <Blocks blocks={blocks} />
    </div>
  );
});

function Blocks({ blocks }: { blocks: readonly Block[] }) {
  return blocks.map((block, i) => <BlockView key={i} block={block} />);
}

function BlockView({ block }: { block: Block }) {
  switch (block.kind) {
    case "heading":
      // Headings of a message are none of the page: they would tear its outline.
      return (
        <p className={styles.heading} data-level={block.level}>
          <Inlines parts={block.children} />
        </p>
      );
    case "paragraph":
      return (
        <p>
          <Inlines parts={block.children} />
        </p>
      );
    case "code":
      return (
        <pre>
          <code>
            <PlainText text={block.text} />
          </code>
        </pre>
      );
    case "quote":
      return (
        <blockquote>
          <Blocks blocks={block.blocks} />
        </blockquote>
      );
    case "list":
      return block.start === null ? (
        <ul>
          <Items items={block.items} />
        </ul>
      ) : (
        <ol start={block.start}>
          <Items items={block.items} />
        </ol>
      );
    case "table":
      return (
        <table>
          <thead>
            <tr>
              {block.head.map((cell, i) => (
                <th key={i}>
                  <Inlines parts={cell} />
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {block.rows.map((row, i) => (
              <tr key={i}>
                {row.map((cell, j) => (
                  <td key={j}>
                    <Inlines parts={cell} />
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      );
    case "rule":
      return <hr />;
  }
}

function Items({ items }: { items: readonly ListItem[] }) {
  return items.map(({ isDone, blocks }, i) => {
    const [only] = blocks;
    return (
      <li key={i} data-task={isDone === null ? undefined : ""}>
        {isDone !== null && <span aria-label={isDone ? "done" : "to do"}>{isDone ? "☑ " : "☐ "}</span>}
        {blocks.length === 1 && only?.kind === "paragraph" ? (
          <Inlines parts={only.children} />
        ) : (
          <Blocks blocks={blocks} />
        )}
      </li>
    );
  });
}

function Inlines({ parts }: { parts: readonly Inline[] }) {
  return parts.map((part, i) => <InlineView key={i} part={part} />);
}

function InlineView({ part }: { part: Inline }) {
  switch (part.kind) {
    case "text":
      return <PlainText text={part.text} />;
    case "code":
      return (
        <code>
          <PlainText text={part.text} />
        </code>
      );
    case "strong":
      return (
        <strong>
          <Inlines parts={part.children} />
        </strong>
      );
    case "em":
      return (
        <em>
          <Inlines parts={part.children} />
        </em>
      );
    case "del":
      return (
        <del>
          <Inlines parts={part.children} />
        </del>
      );
    case "link":
      return <SafeLink href={part.href} parts={part.children} />;
    case "image":
      return (
        <span className={styles.image}>
          [image: <PlainText text={`${part.alt} ${part.src}`.trim()} />]
        </span>
      );
    case "break":
      return <br />;
  }
}

function SafeLink({ href, parts }: { href: string | null; parts: readonly Inline[] }) {
  if (href === null) {
    return (
      <span title="The link was left out: it leads to no web page">
        <Inlines parts={parts} />
      </span>
    );
  }
  const [only] = parts;
  const isItself = parts.length === 1 && only?.kind === "text" && only.text.startsWith("http");
  return (
    <a href={href} target="_blank" rel="noopener noreferrer nofollow" title={href}>
      <Inlines parts={parts} />
      {!isItself && <span className={styles.host}> ({new URL(href).host})</span>}
    </a>
  );
}
