import { useMemo, useRef } from "react";
import type { PaneHandle } from "@/features/diff/CodePane";
import { parsePatch, type PatchFile } from "@/features/diff/patch";
import { type DiffLayout, PatchViewer } from "@/features/diff/PatchViewer";
import { useShortcuts } from "@/ui/keys";
import { usePreferences } from "@/ui/preferences";

/** A diff of the queue, with the keys that move in it. It comes when the first diff is there. */
export default function DiffView({
  patch,
  layout,
  onLayout,
}: {
  patch: string;
  layout: DiffLayout;
  onLayout: (layout: DiffLayout) => void;
}) {
  const pane = useRef<PaneHandle>(null);
  const inView = useRef<PatchFile>(null);
  const { wrapLines } = usePreferences();
  const files = useMemo(() => {
    const parsed = parsePatch(patch);
    return parsed.kind === "not-a-patch" ? [] : parsed.files;
  }, [patch]);
  const step = (by: number) => {
    const file = files[(inView.current ? files.indexOf(inView.current) : 0) + by];
    if (!file) return;
    inView.current = file;
    pane.current?.scrollTo({ file, line: undefined });
  };
  useShortcuts([
    { keys: "j", does: "Next file", group: "Diff", run: () => step(1) },
    { keys: "k", does: "Previous file", group: "Diff", run: () => step(-1) },
    {
      keys: "s",
      does: "Split or unified",
      group: "Diff",
      run: () => onLayout(layout === "split" ? "unified" : "split"),
    },
  ]);
  return (
    <PatchViewer
      ref={pane}
      patch={patch}
      files={files}
      layout={layout}
      isWrapped={wrapLines}
      onFileInView={(file) => {
        inView.current = file;
      }}
      onShowText={() => onLayout("text")}
    />
  );
}
