import { streams, task } from "@pawl/sdk";
import { between } from "../marks.ts";

/** What a run says. */
export const lines = streams.define<string>({ id: "lines" });

/** What it is asked. */
export const questions = streams.input<{ text: string }>({ id: "questions" });

/** Says something, and then what it is asked, word by word, until it is asked for nothing. */
export const conversation = task({
  id: "conversation",
  run: async (_payload: unknown, { ctx }) =>
    between(ctx, async () => {
      await lines.append("Ask me.");
      let asked = 0;
      for (;;) {
        const { text } = await questions.once({ timeoutMs: 60_000 }).unwrap();
        if (text === "") return asked;
        asked++;
        const { waitUntilComplete } = lines.writer({
          execute: ({ write }) => {
            for (const word of text.split(" ")) write(word);
          },
        });
        await waitUntilComplete();
      }
    }),
});
