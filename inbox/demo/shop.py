"""Nile Shop: an online shop in Cairo whose customers write Arabic and English. Numbers are not assigned to anybody."""

from __future__ import annotations

from .stories import DAY, HOUR, Person, Story, Team, customer, sends, taps, team

PEOPLE = [
    Person("nadia", "Nadia Fahmy", "nadia@nile-shop.example", "owner"),
    Person("karim", "Karim Mansour", "karim@nile-shop.example", "admin"),
    Person("laila", "Laila Shafik", "laila@nile-shop.example", "marketer"),
    Person("omar", "Omar Hegazy", "omar@nile-shop.example", "agent"),
    Person("salma", "Salma Adel", "salma@nile-shop.example", "agent"),
]
WAREHOUSE = {
    "latitude": 30.0444,
    "longitude": 31.2357,
    "name": "Nile Shop pick-up point",
    "address": "Tahrir Square, Cairo",
}
HOME = {"latitude": 30.0626, "longitude": 31.2197, "name": "Zamalek", "address": "26th of July Street, Cairo"}
COURIER = {"contacts": [{"name": {"formatted_name": "Hassan (courier)"}, "phones": [{"phone": "+201000000777"}]}]}
BOUTIQUE = {
    "contacts": [{"name": {"formatted_name": "منى الخطيب - بوتيك ليلى"}, "phones": [{"phone": "+201000000178"}]}]
}
SIZES = {
    "type": "button",
    "body": "Which size shall we send you instead?",
    "buttons": [{"id": "m", "title": "Medium"}, {"id": "l", "title": "Large"}, {"id": "refund", "title": "Refund me"}],
}

STORIES = [
    Story("محمود عبد الرحمن", "201000000134", assigned="omar", unread=2, always_open=True, lines=[
        customer(3 * HOUR, "السلام عليكم، طلبي رقم A-1042 لسه ما وصلش"),
        team("omar", 3 * HOUR - 6, "وعليكم السلام أستاذ محمود، ثواني أراجع الطلب مع شركة الشحن"),
        team("omar", 3 * HOUR - 11, "الطلب خرج للتوصيل الصبح، والمندوب هيكلم حضرتك قبل الساعة ٦"),
        customer(140, "تمام شكرًا", reactions={"team": "👍"}),
        customer(12, "المندوب كلمني بس العنوان عنده غلط"),
        customer(11, "ده المكان الصحيح", "location", content=HOME),
    ]),
    Story("Amelia Hartley", "447700900118", assigned="salma", unread=1, always_open=True, lines=[
        customer(DAY - 90, "Hi! Do you ship the linen throw to the UK?"),
        team("salma", DAY - 95, "We do, Amelia. Three to five working days, and *duties are included*."),
        customer(DAY - 100, "Lovely. Is this the sand or the ivory one?", "image", file="photo:sand"),
        team("salma", DAY - 108, "That is sand. Ivory is a shade lighter, here it is:", "image", file="photo:ivory"),
        customer(25, "Ivory then please. Two of them 🙏"),
    ]),
    Story("نورة العتيبي", "966500000121", unread=3, always_open=True, lines=[
        customer(44, "مساء الخير"),
        customer(43, "أبغى أعرف هل المقاس L متوفر من العباية السوداء؟"),
        customer(41, "", "voice", file="voice"),
    ]),
    Story("Daniel Okafor", "13125550176", assigned="omar", lines=[
        customer(6 * HOUR, "The bag arrived with a torn strap", "image", file="photo:bag"),
        team("omar", 6 * HOUR - 9, "I am sorry about that, Daniel. We can replace it or refund it."),
        team("omar", 6 * HOUR - 10, "Which size shall we send you instead?", "interactive", content=SIZES),
        customer(5 * HOUR, "Medium", "button_reply", content={"reply": {"id": "m", "title": "Medium"}}),
        team("omar", 5 * HOUR - 5, "A medium one leaves today. Here is the return label, no charge.", "document",
             file="invoice:Return label A-0987.pdf"),
        team("omar", 5 * HOUR - 6, "Anything else I can do?", status="delivered"),
    ]),
    Story("سارة المنصوري", "971500000168", assigned="salma", resolved=True, lines=[
        customer(2 * DAY, "وصل الطلب اليوم، التغليف رائع"),
        team("salma", 2 * DAY - 15, "يسعدنا جدًا، شكرًا لك يا سارة 🌷", reactions={"contact": "❤️"}),
    ]),
    Story("Marcus Bell", "12025550143", unread=1, lines=[
        customer(24 * HOUR - 75, "Is there any discount for orders over 10 pieces?"),
    ]),
    Story("ليث حداد", "962790000187", assigned="omar", lines=[
        customer(3 * DAY, "هل ممكن تغيير عنوان التوصيل؟"),
        team("omar", 3 * DAY - 20, "أكيد، أرسل لنا العنوان الجديد من فضلك"),
        customer(3 * DAY - 60, "عمان، شارع الرينبو، بناية ١٢"),
        team("omar", 3 * DAY - 70, "تم التعديل ✅", status="delivered"),
    ]),
    Story("Priya Raman", "447700900152", unread=1, lines=[
        sends("salma", 5 * HOUR, "order_shipped:en", body_2="A-1077", button_0_1="A-1077"),
        taps(74, "Need help"),
        customer(70, "Where can I pick up order A-1077?"),
        customer(68, "", "sticker", file="sticker"),
    ]),
    Story("هبة سامي", "201000000145", assigned="salma", lines=[
        customer(4 * HOUR, "عايزة أسأل عن سياسة الاسترجاع"),
        team("salma", 4 * HOUR - 4, "خلال ١٤ يوم من الاستلام، والمنتج بحالته الأصلية. ده مكان الاستلام:"),
        team("salma", 4 * HOUR - 5, "", "location", content=WAREHOUSE),
        customer(3 * HOUR, "ممتاز، شكرًا جزيلًا"),
    ]),
    Story("Jonas Weber", "491500000162", assigned="omar", lines=[
        customer(9 * HOUR, "Can I pay on delivery?"),
        team("omar", 9 * HOUR - 30, "Inside Egypt yes, abroad only by card."),
        team("omar", 9 * HOUR - 31, "https://nile-shop.example/payments lists every way to pay.", status="failed",
             error="131026"),
    ]),
    Story("ياسمين فؤاد", "201000000156", unread=1, lines=[
        customer(95, "ممكن كتالوج الشتاء؟"),
    ]),
    Story("Claire Dubois", "33612000171", assigned="salma", resolved=True, lines=[
        customer(5 * DAY, "Bonjour, do you have a shop in Paris?"),
        team("salma", 5 * DAY - 40, "Not yet, Claire, but we deliver to France within a week."),
        customer(5 * DAY - 55, "Merci!"),
    ]),
    Story("أحمد الشريف", "201000000167", unread=2, lines=[
        customer(33, "الخصم مش شغال عند الدفع"),
        customer(31, "الكود NILE10", "image", file="photo:screen"),
    ]),
    Story("Robin Vale", "", user_id="GB.8842190017745", username="robin.vale", unread=1, lines=[
        customer(55, "Hello, I hide my number. Can you still help me with an order?"),
    ]),
    Story("منى الخطيب", "201000000178", assigned="nadia", lines=[
        customer(7 * HOUR, "أنا صاحبة محل وعايزة أتعامل معاكم جملة"),
        team("nadia", 7 * HOUR - 12, "أهلًا أستاذة منى، يسعدنا. ممكن رقم التواصل واسم المحل؟"),
        customer(6 * HOUR, "", "contacts", content=BOUTIQUE),
        team("nadia", 6 * HOUR - 5, "تمام، هنبعت لك قائمة الأسعار النهارده", status="sent"),
    ]),
    Story("Liam Byrne", "353850000181", unread=1, lines=[
        customer(2 * HOUR, "My tracking has not moved since Friday: https://track.example/A-1031"),
    ]),
    Story("فاطمة الزهراء", "212600000192", assigned="omar", lines=[
        customer(11 * HOUR, "واش كاين التوصيل للدار البيضاء؟"),
        team("omar", 11 * HOUR - 20, "نعم، من ٥ إلى ٧ أيام عمل"),
        customer(10 * HOUR, "شكرا بزاف 🙏🏼"),
    ]),
    Story("Sofia Rossi", "393330000193", assigned="salma", lines=[
        customer(8 * HOUR, "Could somebody call me about the order for our hotel?"),
        team("salma", 8 * HOUR - 10, "This is our courier, he knows the back door.", "contacts", content=COURIER),
        team("salma", 8 * HOUR - 11, "Tell him a time that suits you.", status="delivered"),
    ]),
    Story("عمر البكري", "201000000203", unread=1, lines=[
        sends("nadia", 6 * HOUR, "new_season:ar", body_discount="20%"),
        taps(23, "أريد المزيد"),
        customer(20, "فيه مقاس ٤٢ من الحذاء الجلد؟"),
    ]),
    Story("Hannah Cole", "447700900204", assigned="omar", resolved=True, lines=[
        customer(8 * DAY, "Thank you for the quick delivery!"),
        team("omar", 8 * DAY - 30, "Thank *you*, Hannah."),
    ]),
    Story("خالد نجيب", "201000000214", assigned="salma", unread=1, lines=[
        customer(27 * HOUR, "أريد فاتورة باسم الشركة"),
        team("salma", 26 * HOUR, "تفضل الفاتورة", "document", file="invoice:Invoice A-1050.pdf"),
        customer(50, "الرقم الضريبي ناقص، ممكن تعديل؟"),
    ]),
    Story("Emma Novak", "420700000215", assigned="salma", lines=[
        customer(4 * DAY, "Do you still have the brass lamp?"),
        sends("salma", 2 * DAY, "winter_picks:en"),
    ]),
    Story("زينب حسن", "201000000226", assigned="omar", lines=[
        customer(5 * HOUR + 20, "المنتج مش زي الصورة", "image", file="photo:vase"),
        team("omar", 5 * HOUR + 2, "آسفين جدًا. هنستبدله من غير أي رسوم."),
        customer(5 * HOUR, "تمام مستنية"),
    ]),
    Story("Noah Fischer", "491500000227", resolved=True, lines=[
        customer(12 * DAY, "STOP"),
        team("karim", 12 * DAY - 5, "Understood, Noah. You get no more offers from us."),
    ]),
    Story("ريم الدوسري", "966500000238", unread=1, lines=[
        customer(16, "كم سعر الشحن للرياض؟"),
    ]),
]  # fmt: skip

TEAM = Team(
    slug="nile-shop",
    name="Nile Shop",
    country="EG",
    time_zone="Africa/Cairo",
    people=PEOPLE,
    channel_name="Nile Shop WhatsApp",
    verified_name="Nile Shop",
    phone_number_id="106540352240001",
    waba_id="102290129340001",
    number="+20 100 000 0001",
    stories=STORIES,
)
