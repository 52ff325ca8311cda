import { Page } from "@/ui/Page";

export function TaskPage() {
  return (
    <Page title="Task" heading="Task">
      …
    </Page>
  );
}
