// What reports say in French: see dsn_texts.h for what goes into the braces.
#include "mail/dsn/dsn_texts.h"

#include <array>

namespace posthaste::mail::detail {
namespace {

constexpr std::string_view kPhrases[] = {
    "Non remis",
    "Pas encore remis",
    "Remis",
    "Transmis",
    "{opening} : {message} à {to}",
    "votre message",
    "Votre message",
    "Votre message « {subject} »",
    "{count} destinataires",
    "{message} n'a pas été remis à {to}. C'est définitif : aucun nouvel essai ne sera fait.",
    "{message} n'a pas encore été remis à {to}. Ce n'est pas définitif : nous continuons "
    "d'essayer{until}.",
    " pendant encore {duration}, jusqu'au {time}",
    "{message} a été remis à {to}. Vous n'avez plus rien à faire.",
    "{message} à {to} a été transmis à {host}.",
    "au serveur suivant",
    "Ce serveur ne signale pas les remises : nous ne pouvons donc pas savoir si le message est "
    "arrivé dans la boîte. Sinon, c'est lui qui vous le dira.",
    " Nous avons essayé {attempts} fois en {duration}.",
    " La connexion a été coupée juste avant la dernière réponse ; le message est peut-être arrivé "
    "malgré tout.",
    "Rien pour l'instant, et merci de ne pas le renvoyer. Si c'est urgent, joignez le destinataire "
    "par un autre moyen.",
    "Le message n'a pas pu être remis au serveur de messagerie de {domain}.",
    "Renvoyez le message plus tard. Si cela échoue aussi, transférez ce rapport à votre "
    "administrateur.",
    "Pourquoi",
    "Ce que cela signifie",
    "Ce que vous pouvez faire",
    "Qui doit agir",
    "vous",
    "le destinataire",
    "l'administrateur de {domain}",
    "votre administrateur ({admin})",
    "personne, il suffit d'attendre",
    "Et {count} autres ; le rapport joint les nomme tous.",
    "Détails techniques pour votre administrateur ({admin})",
    "Le serveur {host} avait d'abord accepté le message, puis l'a renvoyé au bout de {duration}.",
    "Un serveur avait d'abord accepté le message ; il est revenu au bout de {duration}.",
    "Serveur distant",
    "Dernier essai",
    "{time}, essai {attempts}",
    "État",
    "Sa réponse",
    "Nos mots",
    "Notre serveur",
    "Notre numéro",
    "Accepté",
    "Ce que sont devenus vos messages ({count} en un seul)",
    "Depuis le {time}, il y a eu beaucoup de rapports sur vos messages. Ce seul message en "
    "remplace {count}.",
    "non remis ; c'est définitif",
    "pas encore remis ; nous continuons d'essayer",
    "remis",
    "transmis au serveur suivant, qui ne signale pas les remises",
    "Message",
    "(sans objet)",
    "Et {count} autres, trop nombreux pour cette liste. Votre administrateur les trouve dans "
    "l'historique : posthaste trace.",
    "Tant que les rapports sont si nombreux, vous les recevez ensemble, une fois par heure. Pour "
    "toute question, ou pour les recevoir autrement, adressez-vous à votre administrateur "
    "({admin}).",
};

static_assert(std::size(kPhrases) == static_cast<std::size_t>(Phrase::count_of_phrases));

constexpr CauseText kCauses[] = {
    {Cause::invalid_recipient, "{domain} indique que la boîte {address} n'existe pas.",
     "Vérifiez l'orthographe de l'adresse, ou demandez au destinataire son adresse actuelle. "
     "Renvoyez ensuite le message."},
    {Cause::inactive_mailbox, "{domain} indique que la boîte {address} n'est plus utilisée.",
     "Joignez le destinataire par un autre moyen et demandez-lui son adresse actuelle."},
    {Cause::mailbox_full, "La boîte {address} est pleine.",
     "Joignez le destinataire par un autre moyen, ou renvoyez le message quand il y aura de la "
     "place dans la boîte."},
    {Cause::bad_domain, "Le domaine {domain} n'existe pas.",
     "Vérifiez ce qui suit le @ : une lettre manque peut-être ou est fausse. Renvoyez ensuite le "
     "message."},
    {Cause::null_mx, "Le domaine {domain} annonce qu'il n'accepte aucun courrier.",
     "Vérifiez ce qui suit le @, ou demandez une autre adresse au destinataire."},
    {Cause::dns_failure,
     "Le serveur de messagerie de {domain} est introuvable : l'annuaire des noms (DNS) n'a donné "
     "aucune réponse utilisable.",
     "Renvoyez le message plus tard. Si cela échoue aussi, prévenez le destinataire par un autre "
     "moyen."},
    {Cause::routing,
     "Il n'y a pas de chemin vers le serveur de messagerie de {domain} : ses entrées dans "
     "l'annuaire des noms (DNS) ne mènent nulle part.",
     "Vérifiez ce qui suit le @. Si c'est juste, prévenez le destinataire par un autre moyen."},
    {Cause::relaying_denied,
     "Le serveur qui devait prendre le message dit qu'il ne prend pas de courrier pour {domain}.",
     "Vérifiez ce qui suit le @. Si c'est juste, transférez ce rapport à votre administrateur."},
    {Cause::no_answer, "Le serveur de messagerie de {domain} n'a pas répondu.",
     "Renvoyez le message plus tard, ou joignez le destinataire par un autre moyen."},
    {Cause::bad_connection,
     "La connexion avec le serveur de messagerie de {domain} a été coupée avant la fin du message.",
     "Renvoyez le message plus tard, ou joignez le destinataire par un autre moyen."},
    {Cause::too_large, "Le message est plus grand que {domain} ne le permet.",
     "Renvoyez-le avec des pièces jointes plus petites, ou partagez les gros fichiers par un "
     "lien."},
    {Cause::too_many_recipients,
     "{domain} n'accepte un message que pour un nombre limité de destinataires à la fois.",
     "Renvoyez le message à moins de personnes à la fois."},
    {Cause::invalid_sender, "{domain} n'accepte pas de courrier de l'adresse {sender}.",
     "Transférez ce rapport à votre administrateur. Le message lui-même n'a rien d'anormal."},
    {Cause::sender_auth,
     "{domain} refuse le courrier de {sender_domain}, car les preuves de son origine (SPF, DKIM, "
     "DMARC) manquent ou sont fausses.",
     "Transférez ce rapport à votre administrateur. Le message lui-même n'a rien d'anormal."},
    {Cause::smarthost_auth,
     "Le serveur qui transmet notre courrier n'accepte pas le mot de passe avec lequel nous nous "
     "connectons.",
     "Transférez ce rapport à votre administrateur, et renvoyez le message quand ce sera réparé."},
    {Cause::policy,
     "{domain} refuse le message selon une règle qui lui est propre. Ses mots exacts sont dans les "
     "détails techniques.",
     "S'ils nomment quelque chose que vous pouvez changer, changez-le et renvoyez le message. "
     "Sinon, joignez le destinataire par un autre moyen."},
    {Cause::block_ip,
     "{domain} refuse le courrier de notre serveur. Le message lui-même n'a rien d'anormal.",
     "Transférez ce rapport à votre administrateur. En attendant, joignez le destinataire par un "
     "autre moyen."},
    {Cause::block_domain,
     "{domain} refuse le courrier de {sender_domain} : ce domaine est sur une liste d'expéditeurs "
     "auxquels il ne fait pas confiance. Le message lui-même n'a rien d'anormal.",
     "Transférez ce rapport à votre administrateur. En attendant, joignez le destinataire par un "
     "autre moyen."},
    {Cause::spam_content, "{domain} prend le message pour du courrier indésirable (spam).",
     "Renvoyez-le avec moins de liens, d'images et de pièces jointes, ou joignez le destinataire "
     "par un autre moyen."},
    {Cause::attachment, "{domain} refuse une pièce jointe du message.",
     "Renvoyez-le sans cette pièce jointe, ou partagez le fichier par un lien. Les programmes et "
     "les archives sont refusés le plus souvent."},
    {Cause::rate_limited, "{domain} n'accepte de nous qu'un nombre limité de messages à la fois.",
     "Renvoyez le message plus tard."},
    {Cause::greylisted,
     "{domain} fait attendre les serveurs qu'il connaît mal avant d'accepter leur courrier.",
     "Renvoyez le message plus tard, ou joignez le destinataire par un autre moyen."},
    {Cause::protocol,
     "Notre serveur et le serveur de messagerie de {domain} ne se sont pas compris.",
     "Transférez ce rapport à votre administrateur, ou joignez le destinataire par un autre "
     "moyen."},
    {Cause::tls,
     "Aucune connexion sûre avec le serveur de messagerie de {domain} n'a pu être établie, et le "
     "message ne doit pas voyager sans elle.",
     "Transférez ce rapport à votre administrateur, ou joignez le destinataire par un autre "
     "moyen."},
    {Cause::no_8bit,
     "Le message contient des caractères sous une forme (8 bits) que le serveur de messagerie de "
     "{domain} ne peut pas accepter.",
     "Réglez votre logiciel de messagerie pour qu'il envoie le texte en « quoted-printable » ou « "
     "base64 », et renvoyez le message."},
    {Cause::no_smtputf8,
     "Une adresse du message contient des lettres autres que a à z, et le serveur de messagerie de "
     "{domain} ne peut pas accepter de telles adresses.",
     "Utilisez des adresses avec les seules lettres a à z, la vôtre et celle du destinataire, et "
     "renvoyez le message."},
    {Cause::expired,
     "Le serveur de messagerie de {domain} n'a pas pris le message pendant le temps de nos essais.",
     "Renvoyez le message plus tard, ou joignez le destinataire par un autre moyen."},
    {Cause::loop, "Le message tourne en rond entre des serveurs et n'arrive dans aucune boîte.",
     "Transférez ce rapport à votre administrateur. Le renvoyer ne servirait à rien."},
    {Cause::auto_reply,
     "{domain} a répondu par une réponse automatique au lieu d'accepter le message.",
     "Lisez ses mots dans les détails techniques. Si c'est urgent, joignez le destinataire par un "
     "autre moyen."},
    {Cause::challenge,
     "{domain} veut la preuve qu'une personne a écrit le message avant de l'accepter.",
     "Suivez le lien ou le conseil dans sa réponse, dans les détails techniques, puis renvoyez le "
     "message."},
    {Cause::unsubscribe, "Le destinataire {address} ne veut plus de messages de ce genre.",
     "Retirez l'adresse de votre liste. Un message personnel peut être envoyé depuis une autre "
     "boîte."},
    {Cause::admin, "Un administrateur a retiré le message de notre file d'attente.",
     "Demandez-en la raison à votre administrateur."},
    {Cause::suppressed,
     "L'adresse {address} a déjà refusé du courrier, ou son propriétaire s'est plaint ; rien ne "
     "lui a donc été envoyé.",
     "Si l'adresse est juste, demandez à votre administrateur de la retirer de la liste des "
     "adresses refusées."},
    {Cause::unknown,
     "{domain} refuse le message. Ses mots exacts sont dans les détails techniques.",
     "S'ils nomment quelque chose que vous pouvez changer, changez-le et renvoyez le message. "
     "Sinon, transférez ce rapport à votre administrateur."},
};

}  // namespace

const Texts kFrench{kPhrases, kCauses};

}  // namespace posthaste::mail::detail
