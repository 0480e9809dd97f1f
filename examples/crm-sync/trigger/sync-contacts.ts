import { logger, metadata, schedules } from "@pawl/sdk";
import { type Contact, contactPageSchema } from "../crm/contact.ts";
import { crmFetch } from "../crm/crm-fetch.ts";
import { pushContact } from "./push-contact.ts";

/** Reads which contacts have changed, and has each of them pushed. */
export const syncContacts = schedules.task({
  id: "crm.sync.contacts",
  description: "Brings what has changed in the CRM into the newsletter",
  // If a sync takes longer than that, the next one is left out: it finds what has changed by itself.
  cron: { pattern: "*/15 * * * *", timezone: "UTC", overlap: "skip" },
  maxDuration: 600,
  run: async ({ lastTimestamp }) => {
    let path: string | null = `/contacts?since=${lastTimestamp?.getTime() ?? 0}`;
    let pushed = 0;
    while (path !== null) {
      const page = contactPageSchema.parse(await crmFetch(path));
      if (page.contacts.length > 0) await pushContact.batchTrigger(page.contacts.map(itemOf));
      pushed += page.contacts.length;
      metadata.set("pushed", pushed);
      path = page.next;
    }
    logger.info("Everything that has changed is on its way", { pushed });
    return { pushed };
  },
});

/** A state of a contact is pushed once, whichever sync finds it, and however often that is attempted. */
function itemOf(contact: Contact) {
  const idempotencyKey = `${contact.id}:${contact.changedAt}`;
  return { payload: contact, options: { idempotencyKey, idempotencyKeyTTL: "7d", tags: [`contact:${contact.id}`] } };
}
