import { Dialog } from "@/ui/Dialog";

/** Search and commands. */
export default function CommandMenu({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="Search" onClose={onClose}>
      …
    </Dialog>
  );
}
