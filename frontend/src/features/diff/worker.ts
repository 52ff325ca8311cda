// Colours lines beside the page's own thread.
import "@pierre/diffs/worker/worker.js";
