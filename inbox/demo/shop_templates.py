"""The templates of Nile Shop: in Arabic, English and French, one in every status."""

from __future__ import annotations

from .template_specs import (
    Spec,
    ask,
    body,
    buttons,
    carousel,
    code,
    contact,
    coupon,
    foot,
    head,
    link,
    picture,
    reply,
)

TRACK = "https://nile-shop.example/t/{{1}}"
TRACKED = "https://nile-shop.example/t/A-1042"
ORDER = {"body:1": contact("first_name", "Amelia", "there"), "body:2": ask("A-1042"), "button.0:1": ask("A-1042")}
ORDER_AR = {
    "body:1": contact("first_name", "نورة", "عميلنا العزيز"),
    "body:2": ask("A-1042"),
    "button.0:1": ask("A-1042"),
}
SEASON = {"body:first_name": contact("first_name", "Amelia", "there"), "body:discount": ask("20%")}
PICTURE = {"header:media": "photo:season"}


def card(text: str, label: str) -> list[dict]:
    return [
        picture(),
        body(text),
        buttons(reply("Ask about it"), link("Look closer", f"https://nile-shop.example/{label}")),
    ]


TEMPLATES = [
    Spec(
        "order_shipped",
        "en",
        "utility",
        "approved",
        [
            body(
                "Hi {{1}}, your order *{{2}}* has left our warehouse. It should reach you within three days.",
                "Amelia",
                "A-1042",
            ),
            foot("Nile Shop, Cairo"),
            buttons(link("Track it", TRACK, TRACKED), reply("Need help")),
        ],
        ORDER,
        quality="green",
    ),
    Spec(
        "order_shipped",
        "ar",
        "utility",
        "approved",
        [
            body("مرحبًا {{1}}، طلبك رقم *{{2}}* خرج من المخزن وسيصلك خلال ثلاثة أيام.", "نورة", "A-1042"),
            foot("نايل شوب، القاهرة"),
            buttons(link("تتبع الطلب", TRACK, TRACKED), reply("أحتاج مساعدة")),
        ],
        ORDER_AR,
        quality="green",
    ),
    Spec(
        "order_shipped",
        "fr",
        "utility",
        "in_review",
        [
            body(
                "Bonjour {{1}}, votre commande *{{2}}* a quitté notre entrepôt et arrivera sous trois jours.",
                "Claire",
                "A-1042",
            ),
            foot("Nile Shop, Le Caire"),
            buttons(link("Suivre", TRACK, TRACKED), reply("Besoin d'aide")),
        ],
        ORDER,
    ),
    Spec(
        "new_season",
        "en",
        "marketing",
        "approved",
        [
            picture(),
            body(
                "{{first_name}}, the new season is here: *{{discount}}* off everything in linen until Sunday.",
                first_name="Amelia",
                discount="20%",
            ),
            foot("Reply STOP to hear no more offers"),
            buttons(reply("Show me more"), reply("No more offers"), coupon("LINEN20")),
        ],
        SEASON | {"button.2:code": {**ask("LINEN20"), "source": "fixed", "value": "LINEN20"}},
        named=True,
        quality="yellow",
        files=PICTURE,
    ),
    Spec(
        "new_season",
        "ar",
        "marketing",
        "approved",
        [
            picture(),
            body(
                "{{first_name}}، وصلت تشكيلة الموسم الجديد: خصم *{{discount}}* على كل منتجات الكتان حتى الأحد.",
                first_name="نورة",
                discount="20%",
            ),
            foot("أرسل STOP لإيقاف العروض"),
            buttons(reply("أريد المزيد"), reply("إيقاف العروض")),
        ],
        SEASON,
        named=True,
        quality="green",
        files=PICTURE,
    ),
    Spec(
        "winter_picks",
        "en",
        "marketing",
        "approved",
        [
            body("Hello {{1}}, three things our customers loved this winter:", "Emma"),
            carousel(
                card("Brass lamp, hand made in Cairo", "lamp"),
                card("Linen throw in ivory", "throw"),
                card("Blue glass vase", "vase"),
            ),
        ],
        {"body:1": contact("first_name", "Emma", "there")},
        quality="green",
        files={
            "card.0.header:media": "photo:sand",
            "card.1.header:media": "photo:ivory",
            "card.2.header:media": "photo:vase",
        },
    ),
    Spec(
        "sign_in_code",
        "en",
        "authentication",
        "approved",
        code(
            "*{{1}}* is your verification code. For your security, do not share this code.",
            "This code expires in 10 minutes.",
            "Copy code",
        ),
        {"body:1": ask("204816")},
        quality="green",
    ),
    Spec(
        "sign_in_code",
        "ar",
        "authentication",
        "approved",
        code(
            "*{{1}}* هو رمز التحقق الخاص بك. لحمايتك، لا تشارك هذا الرمز.",
            "تنتهي صلاحية هذا الرمز خلال 10 دقيقة.",
            "نسخ الرمز",
        ),
        {"body:1": ask("204816")},
        quality="green",
    ),
    Spec(
        "winter_sale",
        "en",
        "marketing",
        "paused",
        [
            head("Winter sale"),
            body("Hi {{1}}, up to half price on everything warm.", "Amelia"),
            buttons(reply("Stop")),
        ],
        {"body:1": contact("first_name", "Amelia", "there")},
        quality="red",
        reason="FIRST_PAUSE",
    ),
    Spec(
        "free_gift",
        "en",
        "marketing",
        "rejected",
        [body("Claim your prize {{1}} now!!!", "Amelia")],
        {"body:1": contact("first_name", "Amelia")},
        reason="PROMOTIONAL",
        explanation="The text reads like a prize draw that the recipient did not enter.",
    ),
    Spec(
        "old_survey",
        "fr",
        "marketing",
        "disabled",
        [body("Qu'avez-vous pensé de nous, {{1}} ?", "Claire")],
        {"body:1": contact("first_name", "Claire", "cher client")},
        quality="red",
    ),
    Spec(
        "year_in_review",
        "en",
        "marketing",
        "archived",
        [body("Thank you for a wonderful year with us, {{1}}.", "Amelia")],
        {"body:1": contact("first_name", "Amelia", "friend")},
    ),
    Spec(
        "points_balance",
        "fr",
        "utility",
        "draft",
        [body("Il vous reste {{1}} points jusqu'au {{2}} inclus.", "120", "31/12")],
        {"body:1": ask("120"), "body:2": ask("31/12")},
    ),
    Spec(
        "Thanks for waiting",
        "en",
        "",
        "approved",
        [body("Thank you for waiting, {{first_name}}. We are looking into it now.")],
        {"body:first_name": contact("first_name", "Amelia", "and sorry")},
        named=True,
    ),
    Spec(
        "سياسة الاسترجاع",
        "ar",
        "",
        "approved",
        [body("أهلًا {{first_name}}، يمكن استرجاع المنتج خلال ١٤ يومًا من الاستلام وهو بحالته الأصلية.")],
        {"body:first_name": contact("first_name", "نورة", "بك")},
        named=True,
    ),
    Spec(
        "Where we are",
        "en",
        "",
        "approved",
        [
            {"type": "HEADER", "format": "IMAGE"},
            body("Our pick-up point on Tahrir Square is open every day from 10:00 to 22:00, {{first_name}}."),
        ],
        {"body:first_name": contact("first_name", "Amelia", "see you soon")},
        named=True,
        files={"header:media": "photo:bag"},
    ),
]
