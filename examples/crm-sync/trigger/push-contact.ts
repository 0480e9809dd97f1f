import { logger, schemaTask } from "@pawl/sdk";
import { contactSchema } from "../crm/contact.ts";
import { crmFetch } from "../crm/crm-fetch.ts";

/** Brings one contact into the newsletter. */
export const pushContact = schemaTask({
  id: "crm.push.contact",
  description: "Brings one contact into the newsletter",
  schema: contactSchema,
  // The service allows 20 calls a second. 15 leave room for the pages that the sync reads, and for a few that are repeated.
  queue: { name: "crm.writes", combinedRateLimit: { limit: 15, period: "1s" }, concurrencyLimit: 5 },
  run: async ({ email, name }, { signal }) => {
    // A PUT says what is to be, so that doing it twice does no harm.
    await crmFetch(`/subscribers/${encodeURIComponent(email)}`, {
      method: "PUT",
      body: JSON.stringify({ name }),
      signal,
    });
    logger.info("Pushed a contact", { email });
    return email;
  },
});
