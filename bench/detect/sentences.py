"""Ordinary sentences in many languages, written for this bench."""

SENTENCES = {
    "en": """The bus to the harbour leaves at half past seven, so please be early.
My neighbour grows tomatoes on the balcony and gives half of them away.
Could you write a short letter to the landlord about the broken heater?
We spent the rainy afternoon sorting old photographs into boxes.
What is the difference between a violin and a viola?
The museum has extended its opening hours until the end of the month.
Explain how a bicycle pump works to a class of ten-year-olds.
She asked whether the meeting could be moved to Thursday morning.
The recipe needs two eggs, a cup of flour and a pinch of salt.
Nobody noticed that the clock in the kitchen had stopped.
Give me three ideas for a birthday present for a friend who likes maps.
The old bridge was repaired last summer and carries traffic again.""",
    "fr": """Le garçon a oublié son cartable à l'école, mais sa sœur l'a retrouvé.
Pourriez-vous m'expliquer comment préparer une crème brûlée légère ?
L'été dernier, nous avons passé trois semaines près de la forêt.
Où est-ce que tu as rangé les clés de la voiture ?
Cet hôtel déçoit : le dîner était froid et le café trop léger.
À Noël, toute la famille se réunit chez ma grand-mère.""",
    "de": """Die Straßenbahn fährt heute wegen der Bauarbeiten über die Brücke.
Könnten Sie mir bitte erklären, wie man Knödel richtig kocht?
Übermorgen müssen wir früh aufstehen, um den Zug nicht zu verpassen.
Der Bäcker verkauft süße Brötchen und frisches Gemüsebrot.
Meine Großmutter erzählte uns gern Märchen aus ihrer Jugend.
Wofür braucht man eigentlich eine Wärmepumpe im Keller?""",
    "es": """El niño dejó su paraguas en el autobús y volvió a casa mojado.
¿Podrías explicarme por qué el cielo se ve rojo al atardecer?
Mañana celebraremos el cumpleaños de mi abuela en el jardín.
La señora del quinto piso riega sus plantas cada mañana.
¡Qué sorpresa encontrarte aquí después de tantos años!
Necesito una receta fácil de sopa de calabacín para el sábado.""",
    "pt": """A avó fez pão de queijo e convidou toda a vizinhança.
Você poderia me explicar como funciona o relógio de sol?
Amanhã não haverá aula porque os professores têm reunião.
O avião atrasou três horas por causa da neblina.
Não esqueça de regar as plantas enquanto eu estiver fora.
O coração da cidade fica cheio de luzes em dezembro.""",
    "it": """Perché non andiamo al mercato prima che chiuda?
Il papà ha già preparato il caffè e sta leggendo il giornale.
La città è più tranquilla la domenica mattina.
Potresti scrivere una breve poesia sulla neve?
Così finisce la storia della volpe e del corvo.
Domani sarà una giornata di sole, però farà freddo.""",
    "pl": """Wczoraj zgubiłem rękawiczki w tramwaju i zmarzły mi dłonie.
Czy mógłbyś wyjaśnić, jak działa żarówka?
Babcia upiekła szarlotkę z jabłek z własnego sadu.
Źle się czuję, więc zostanę dziś w łóżku.
Łódź płynęła powoli wzdłuż brzegu jeziora.
Proszę o krótkie streszczenie tej książki.""",
    "cs": """Včera večer jsme šli do kina na nový český film.
Můžete mi prosím poradit, jak pěstovat růže?
Kočka spí na okně a čeká, až přijde děda.
Příští týden začínají školní prázdniny.
Řeka se po dešti rozlila přes louku.""",
    "hu": """Tegnap elfelejtettem bezárni az ablakot, és beesett az eső.
Hogyan készül az igazi gulyásleves?
A gyerekek örömmel játszottak a hóban.
Kérem, írjon egy rövid levelet a könyvtárnak.
Az öreg tölgyfa alatt hűvös volt a levegő.""",
    "tr": """Dün akşam çok güzel bir çorba pişirdik.
Bana İstanbul'daki müzeleri kısaca anlatır mısın?
Çocuklar bahçede top oynuyor, kedi ise ağaçta uyuyor.
Yağmur dinince sahile doğru yürüyeceğiz.
Öğretmenimiz yarınki gezi için erken gelmemizi istedi.""",
    "vi": """Hôm qua trời mưa to nên chúng tôi ở nhà đọc sách.
Bạn có thể giải thích cách nấu phở gà không?
Bà ngoại tôi trồng rất nhiều hoa cúc trước hiên nhà.
Chuyến tàu đến Huế sẽ khởi hành lúc bảy giờ sáng.
Những đứa trẻ đang thả diều trên cánh đồng.
Xin hãy viết một bài thơ ngắn về mùa thu.""",
    "ro": """Ieri am găsit în pod o cutie cu scrisori vechi.
Ați putea să-mi explicați cum se face mămăliga?
Școala începe săptămâna viitoare, iar copiii sunt nerăbdători.
Țăranii strâng fânul înainte de ploaie.""",
    "ru": """Вчера мы гуляли по набережной и ели мороженое.
Объясни, пожалуйста, почему листья осенью желтеют.
Бабушка связала мне тёплый шарф и варежки.
Поезд прибывает на третью платформу через десять минут.
Какую книгу вы посоветуете прочитать в отпуске?
В саду зацвела старая яблоня.""",
    "uk": """Учора ми варили борщ за рецептом моєї бабусі.
Чи можете ви пояснити, як працює вітряк?
Їжак оселився під яблунею в нашому саду.
Діти чекають на перший сніг і різдвяні свята.
Потяг до Львова вирушає о шостій ранку.""",
    "bg": """Вчера времето беше хубаво и отидохме в планината.
Можеш ли да ми обясниш как се прави баница?
Децата рисуват къща с червен покрив.
Влакът за Варна закъснява с двадесет минути.""",
    "el": """Χθες το βράδυ φάγαμε ψάρι σε μια μικρή ταβέρνα.
Μπορείς να μου εξηγήσεις πώς φτιάχνεται το ελαιόλαδο;
Η γιαγιά μου ποτίζει τα λουλούδια κάθε πρωί.
Το πλοίο για τη Νάξο φεύγει στις οκτώ.
Τα παιδιά παίζουν στην παραλία με την άμμο.
Ποιο βιβλίο θα μου πρότεινες για το καλοκαίρι;""",
    "he": """אתמול בערב טיילנו לאורך הים ואכלנו גלידה.
אפשר להסביר לי איך אופים חלה לשבת?
הספר הזה מספר על משפחה שגרה ליד הנהר.
הרכבת לחיפה יוצאת בשעה שבע בבוקר.
סבתא שלי מגדלת עגבניות במרפסת.""",
    "ar": """ذهبنا أمس إلى السوق واشترينا خبزا وزيتونا.
هل يمكنك أن تشرح لي كيف يعمل المنطاد؟
تزرع جدتي الورود أمام البيت كل ربيع.
القطار إلى الإسكندرية يغادر في الثامنة صباحا.
اكتب رسالة قصيرة إلى صاحب الشقة عن النافذة المكسورة.""",
    "fa": """دیروز کتاب\u200cهای قدیمی را در انباری پیدا کردیم.
می\u200cتوانی توضیح بدهی که چطور نان می\u200cپزند؟
بچه\u200cها در حیاط بازی می\u200cکنند و گربه روی دیوار خوابیده است.
خانه\u200cی مادربزرگ پر از گل\u200cهای رنگارنگ است.
نمی\u200cدانم قطار تهران چه ساعتی می\u200cرسد.
این داستان درباره\u200cی ماهی\u200cگیری پیر است.""",
    "hi": """कल शाम हमने नदी के किनारे चाय पी।
क्या आप समझा सकते हैं कि इंद्रधनुष कैसे बनता है?
दादी ने आँगन में तुलसी का पौधा लगाया है।
रेलगाड़ी सुबह सात बजे स्टेशन से निकलेगी।
क्\u200dया तुम मेरे लिए एक छोटी कविता लिखोगे?
विद्\u200dयालय कल बंद रहेगा क्\u200dयोंकि छुट्टी है।""",
    "bn": """গতকাল বিকেলে আমরা নদীর ধারে হাঁটতে গিয়েছিলাম।
রামধনু কীভাবে তৈরি হয় বুঝিয়ে বলবে?
ঠাকুমা উঠোনে গাঁদা ফুলের গাছ লাগিয়েছেন।
ট্রেন সকাল সাতটায় স্টেশন থেকে ছাড়বে।""",
    "ta": """நேற்று மாலை நாங்கள் கடற்கரையில் நடந்தோம்.
வானவில் எப்படி உருவாகிறது என்று விளக்க முடியுமா?
பாட்டி முற்றத்தில் மல்லிகைச் செடி நட்டார்.
ரயில் காலை ஏழு மணிக்குப் புறப்படும்.""",
    "th": """เมื่อวานเราไปเดินเล่นริมแม่น้ำกับคุณยาย
ช่วยอธิบายหน่อยว่ารุ้งกินน้ำเกิดขึ้นได้อย่างไร
รถไฟไปเชียงใหม่ออกตอนเจ็ดโมงเช้า
แมวนอนหลับอยู่บนหลังคาบ้าน""",
    "zh": """昨天下雨，我们在家里喝茶看书。
请解释一下彩虹是怎么形成的。
外婆在阳台上种了很多西红柿。
去杭州的火车早上七点出发。
这本书讲的是一个渔夫的故事。
帮我写一封短信，告诉房东暖气坏了。""",
    "ja": """昨日は雨だったので、家で本を読んで過ごしました。
虹がどうやってできるのか、子どもにもわかるように説明してください。
祖母は庭でトマトとナスを育てています。
京都行きの電車は七時に出発します。
ＡＢＣ商店の営業時間は１０：００～１８：００です。
お問い合わせは「サポート窓口」（平日９時～１７時）までお願いします。""",
    "ko": """어제는 비가 와서 집에서 책을 읽었습니다.
무지개가 어떻게 생기는지 설명해 주세요.
할머니는 마당에서 고추와 상추를 키우십니다.
부산행 기차는 아침 일곱 시에 출발합니다.
이 이야기는 늙은 어부에 관한 것입니다.""",
    "sw": """Jana jioni tulitembea kando ya bahari na kunywa chai.
Tafadhali eleza jinsi upinde wa mvua unavyotokea.
Bibi yangu anapanda maua mbele ya nyumba.
Treni ya Mombasa inaondoka saa moja asubuhi.""",
}
SENTENCES = {lang: block.splitlines() for lang, block in SENTENCES.items()}
