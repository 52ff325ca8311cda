import {
  Columns2,
  Download,
  Ellipsis,
  FoldVertical,
  Pilcrow,
  Rows2,
  Search,
  Text,
  UnfoldVertical,
  WrapText,
} from "lucide-react";
import type { ReactNode } from "react";
import { count, plural } from "@/format/number";
import { Button } from "@/ui/Button";
import { CopyButton } from "@/ui/CopyButton";
import { Popover } from "@/ui/Popover";
import type { Patch } from "./patch";
import type { DiffLayout } from "./PatchViewer";
import styles from "./Toolbar.module.css";

interface ToolbarProps {
  patch: Patch;
  viewedCount: number;
  layout: DiffLayout;
  onLayout: (layout: DiffLayout) => void;
  hidesWhitespace: boolean;
  onWhitespace: (hides: boolean) => void;
  isWrapped: boolean;
  onWrap: (isWrapped: boolean) => void;
  /** Some file is collapsed. */
  isAnyFolded: boolean;
  onFoldAll: (isFolded: boolean) => void;
  onFind: () => void;
  onDownload: () => void;
  /** A line for a terminal that applies the patch. */
  applyLine: string;
}

const layouts: readonly { value: DiffLayout; label: string; icon: ReactNode }[] = [
  { value: "unified", label: "Unified", icon: <Rows2 /> },
  { value: "split", label: "Split", icon: <Columns2 /> },
  { value: "text", label: "Plain text", icon: <Text /> },
];

/** How a diff is shown, how much of it was looked at, and how to take it along. */
export function Toolbar(props: ToolbarProps) {
  const { patch, viewedCount, layout, hidesWhitespace, isWrapped, isAnyFolded } = props;
  return (
    <div className={styles.toolbar} role="toolbar" aria-label="Diff">
      <div className={styles.facts}>
        <span>
          {plural(patch.files.length, "file")} <span data-tone="good">+{count(patch.additions)}</span>{" "}
          <span data-tone="bad">−{count(patch.deletions)}</span>
        </span>
        <label className={styles.progress}>
          <progress max={patch.files.length} value={viewedCount} />
          {count(viewedCount)} of {count(patch.files.length)} viewed
        </label>
      </div>
      <div className={styles.group} role="group" aria-label="Layout">
        {layouts.map(({ value, label, icon }) => (
          <Button
            key={value}
            look="quiet"
            size="s"
            icon={icon}
            aria-pressed={layout === value}
            aria-label={label}
            title={value === "split" ? `${label} (s)` : label}
            className={styles[value]}
            onClick={() => props.onLayout(value)}
          />
        ))}
      </div>
      <div className={styles.group}>
        <Button
          look="quiet"
          size="s"
          icon={<Pilcrow />}
          aria-pressed={hidesWhitespace}
          aria-label="Hide changes of white space"
          title="Hide changes of white space (w)"
          onClick={() => props.onWhitespace(!hidesWhitespace)}
        />
        <Button
          look="quiet"
          size="s"
          icon={<WrapText />}
          aria-pressed={isWrapped}
          aria-label="Wrap long lines"
          title="Wrap long lines"
          onClick={() => props.onWrap(!isWrapped)}
        />
        <Button
          look="quiet"
          size="s"
          icon={isAnyFolded ? <UnfoldVertical /> : <FoldVertical />}
          aria-label={isAnyFolded ? "Expand all files" : "Collapse all files"}
          title={isAnyFolded ? "Expand all files" : "Collapse all files"}
          onClick={() => props.onFoldAll(!isAnyFolded)}
        />
        <Button
          look="quiet"
          size="s"
          icon={<Search />}
          aria-label="Find in this diff"
          title="Find in this diff"
          aria-keyshortcuts="Control+f Meta+f"
          onClick={props.onFind}
        />
        <Popover label="Take the patch along" isIconOnly size="s" align="end" icon={<Ellipsis />}>
          {(close) => (
            <div className={styles.menu}>
              <CopyButton text={patch.text} label="Copy the patch" />
              <Button
                look="quiet"
                size="s"
                icon={<Download />}
                onClick={() => {
                  props.onDownload();
                  close();
                }}
              >
                Download as .patch
              </Button>
              <CopyButton text={props.applyLine} label="Copy a git apply line" />
            </div>
          )}
        </Popover>
      </div>
    </div>
  );
}
