import { Page } from "@/ui/Page";

export function JobsPage() {
  return (
    <Page title="Jobs" heading="Jobs">
      …
    </Page>
  );
}
